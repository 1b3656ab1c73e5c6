"""Fields that are asked for again and again: refused where comparing them would take long, and not before."""

import pytest
from graphql import GraphQLSchema, parse, validate

from schema.errors import QueryTooComplex
from schema.transport.limits.overlaps import MOST_COMPARISONS, BoundedOverlaps


def fragments_of_the_same_fields(count: int) -> str:
    spread = " ".join(f"...F{n}" for n in range(count))
    same = " ".join(f"fragment F{n} on User {{ id name email createdAt notes {{ totalCount }} }}" for n in range(count))
    return f"{{ viewer {{ user {{ {spread} }} }} }} {same}"


def test_many_components_may_ask_for_the_same(served: GraphQLSchema) -> None:
    assert validate(served, parse(fragments_of_the_same_fields(30)), [BoundedOverlaps]) == []


def test_too_many_are_refused(served: GraphQLSchema) -> None:
    with pytest.raises(QueryTooComplex) as refusal:
        validate(served, parse(fragments_of_the_same_fields(60)), [BoundedOverlaps])
    assert (refusal.value.limit, refusal.value.maximum) == ("overlaps", MOST_COMPARISONS)
    assert refusal.value.value > refusal.value.maximum


def test_conflicts_are_mistakes_as_ever(served: GraphQLSchema) -> None:
    document = parse("{ viewer { a: kind a: user { id } b: kind b: user { id } } }")
    assert len(validate(served, document, [BoundedOverlaps])) == 2
    messages = [error.message for error in validate(served, document, [BoundedOverlaps], max_errors=1)]
    assert messages[-1].startswith("Too many validation errors")
