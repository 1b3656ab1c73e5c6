"""Mutations that count attempts or cost much: an operation has one of them at most, however it is written."""

import pytest
from graphql import parse

from schema.errors import QueryTooComplex
from schema.transport.limits.operation_limits import OperationLimits

SIGN_IN = "sessionCreate { a }"


@pytest.mark.parametrize(
    ("document", "name", "count"),
    [
        (f"mutation {{ a: {SIGN_IN} b: {SIGN_IN} }}", "sessionCreate", 2),
        (f"mutation {{ {SIGN_IN} b: {SIGN_IN} }}", "sessionCreate", 2),
        ("mutation { ...F a: sessionRefresh } fragment F on Mutation { b: sessionRefresh }", "sessionRefresh", 2),
        ("mutation { ... { a: userRegister ... on Mutation { b: userRegister } } }", "userRegister", 2),
        ("mutation { a: messageSend b: messageSend c: messageSend @skip(if: true) }", "messageSend", 3),
        ("mutation { sessionCreate userRegister }", "sessionCreate", 2),
        ("query A { a } mutation B { a: sessionCreate b: sessionCreate }", "sessionCreate", 2),
    ],
)
def test_one_is_too_many(document: str, name: str, count: int, limits: OperationLimits) -> None:
    with pytest.raises(QueryTooComplex) as refusal:
        limits.check_document(parse(document))
    assert (refusal.value.limit, refusal.value.value, refusal.value.maximum) == (name, count, 1)
    assert name in str(refusal.value)
    assert str(refusal.value).endswith(f"an operation may have one such field, and this one has {count}.")


@pytest.mark.parametrize(
    "document",
    [
        f"mutation {{ {SIGN_IN} }}",
        # One name in the answer is one attempt, or else the document is not valid.
        f"mutation {{ {SIGN_IN} {SIGN_IN} ...F }} fragment F on Mutation {{ {SIGN_IN} }}",
        f"mutation A {{ {SIGN_IN} }} mutation B {{ {SIGN_IN} }} mutation C {{ messageSend }}",
        "mutation { a: noteCreate b: noteCreate c: videoAdd sessionCreate }",
        "query { a: sessionCreate b: sessionCreate }",
    ],
)
def test_one_is_allowed(document: str, limits: OperationLimits) -> None:
    limits.check_document(parse(document))
