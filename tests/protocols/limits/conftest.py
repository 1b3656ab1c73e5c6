"""The served schema, and the limits as they are unless somebody sets them."""

from pathlib import Path

import pytest
from graphql import GraphQLSchema

from schema.execution.graphql_core import core_schema
from schema.root import build_schema
from schema.transport.limits.operation_limits import OperationLimits
from tests.settings import settings_for


@pytest.fixture(scope="session")
def served() -> GraphQLSchema:
    return core_schema(build_schema())


@pytest.fixture(scope="session")
def limits(served: GraphQLSchema) -> OperationLimits:
    return OperationLimits(served, settings_for("sqlite:///unused.db", Path("unused")))
