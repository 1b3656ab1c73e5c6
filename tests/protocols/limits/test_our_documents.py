"""What we hand to people passes the limits, for anybody who is not signed in as well."""

import json
from collections.abc import Iterator, Mapping

import pytest
from graphql import GraphQLSchema, get_introspection_query

from schema.transport.limits.operation_limits import OperationLimits
from tests.protocols.limits.checking import verdict
from tests.test_documents import DOCUMENTS, ROOT, TABS


def introspections() -> Iterator[tuple[str, str]]:
    yield "introspection", get_introspection_query()
    yield (
        "whole introspection",
        get_introspection_query(
            specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
        ),
    )


def clients() -> Iterator[tuple[str, str]]:
    """Operations of the client packages, each file by itself."""
    for file in sorted((ROOT / "clients").glob("*/**/*.graphql")):
        if "node_modules" not in file.parts and file.name != "schema.graphql":
            yield str(file.relative_to(ROOT)), file.read_text(encoding="utf-8")


OURS = {**DOCUMENTS, **dict(introspections()), **dict(clients())}


def variables_of(name: str) -> Mapping[str, object]:
    """Those of a tab; nothing for any other document."""
    file = (TABS / name).with_suffix(".json")
    if not file.exists():
        return {}
    variables: dict[str, object] = json.loads(file.read_text(encoding="utf-8"))
    return variables


@pytest.mark.parametrize("name", OURS)
def test_a_document_is_within_the_limits(name: str, served: GraphQLSchema, limits: OperationLimits) -> None:
    assert verdict(served, limits, OURS[name], variables_of(name)) is None
