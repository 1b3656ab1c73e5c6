"""Questions about the schema: whole, as tools ask for it, and no more than that."""

import pytest
from graphql import GraphQLSchema, get_introspection_query

from schema.transport.limits.introspection_costs import cost_of_whole_schema, introspection_costs
from schema.transport.limits.operation_limits import OperationLimits
from tests.protocols.limits.checking import verdict

FIELDS = "fields { name args { name type { name } } type { name ofType { name ofType { name } } } }"


def test_the_whole_schema_may_be_asked_for(served: GraphQLSchema, limits: OperationLimits) -> None:
    assert verdict(served, limits, get_introspection_query(input_value_deprecation=True)) is None
    assert verdict(served, limits, f'{{ __type(name: "Video") {{ {FIELDS} }} viewer {{ kind }} }}') is None


@pytest.mark.parametrize("signed_in", [False, True])
def test_over_and_over_it_may_not(served: GraphQLSchema, limits: OperationLimits, *, signed_in: bool) -> None:
    often = " ".join(f"a{number}: {FIELDS}" for number in range(12))
    refusal = verdict(served, limits, f"{{ __schema {{ types {{ {often} }} }} }}", signed_in=signed_in)
    assert refusal is not None
    whole = cost_of_whole_schema(served, introspection_costs(served))
    assert (refusal.limit, refusal.maximum) == ("introspection", whole * 3 // 2)
    assert refusal.value > refusal.maximum
