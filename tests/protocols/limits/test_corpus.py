"""The bombs against the limits alone: each is refused by the limit it was made for, and none breaks anything."""

import pytest
from graphql import GraphQLSchema

from schema.transport.limits.operation_limits import OperationLimits
from tests.protocols.limits.bomb import Bomb
from tests.protocols.limits.checking import verdict
from tests.protocols.limits.corpus import bombs

BY_THE_PARSER = "tokens"


def test_there_are_enough() -> None:
    assert len(bombs()) >= 200
    assert len({bomb.limit for bomb in bombs() if bomb.limit}) >= 10


@pytest.mark.parametrize("bomb", bombs(), ids=lambda bomb: bomb.name)
def test_a_bomb_does_nothing(bomb: Bomb, served: GraphQLSchema, limits: OperationLimits) -> None:
    refusal = verdict(served, limits, bomb.query, bomb.variables)
    if bomb.limit not in {None, BY_THE_PARSER}:
        assert refusal is not None
        assert refusal.limit == bomb.limit
    if refusal is not None:
        assert refusal.value > refusal.maximum
