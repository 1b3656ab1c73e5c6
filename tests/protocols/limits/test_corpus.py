"""The bombs against the limits alone: each is refused by the limit it was made for, and none breaks anything."""

import pytest
from graphql import GraphQLSchema

from schema.transport.limits.operation_limits import OperationLimits
from tests.protocols.limits.bomb import Bomb
from tests.protocols.limits.checking import read, verdict
from tests.protocols.limits.corpus import bombs

MOST_PLACES = 50
"""That errors point at, of one document: each costs a look through all the text before it."""


def test_there_are_enough() -> None:
    assert len(bombs()) >= 200
    assert len({bomb.limit for bomb in bombs() if bomb.limit}) >= 10


@pytest.mark.parametrize("bomb", bombs(), ids=lambda bomb: bomb.name)
def test_a_bomb_does_nothing(bomb: Bomb, served: GraphQLSchema, limits: OperationLimits) -> None:
    refusal = verdict(served, limits, bomb.query, bomb.variables)
    if bomb.limit is not None:
        assert refusal is not None
        assert refusal.limit == bomb.limit
    if refusal is not None:
        assert refusal.value > refusal.maximum


@pytest.mark.parametrize("bomb", bombs(), ids=lambda bomb: bomb.name)
def test_the_errors_point_at_few_places(bomb: Bomb, served: GraphQLSchema, limits: OperationLimits) -> None:
    errors = read(served, limits, bomb.query).errors
    assert sum(len(error.locations or ()) for error in errors) <= MOST_PLACES
