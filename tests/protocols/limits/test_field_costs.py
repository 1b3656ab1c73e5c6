"""What is declared beside fields about their lists: always something, and always true of what the server has."""

from pathlib import Path

import pytest
import strawberry
from graphql import GraphQLArgument, GraphQLInputObjectType, GraphQLNonNull, GraphQLSchema

from db.seed import load_samples
from resolvers.videos import MOST_SAMPLES
from schema.execution.graphql_core import core_schema, definition_of
from schema.permissions import Open
from schema.transport.limits.field_costs import FieldCost, field_costs, rationed_fields
from schema.transport.limits.operation_limits import OperationLimits
from schema.types.costs import A_PAGE, AtMost, PageSize, at_most
from tests.settings import settings_for

SECRETS = {"password", "oldPassword", "token", "refreshToken", "credential"}
"""Fields of inputs by which somebody proves who they are."""


@strawberry.type
class Thing:
    name: str


@strawberry.type
class Unsized:
    things: list[Thing]


@strawberry.type
class NotAList:
    thing: Thing = strawberry.field(metadata=at_most(3))


@strawberry.type
class ThingConnection:
    nodes: list[Thing] = strawberry.field(metadata=A_PAGE)


@strawberry.type
class PagesWithoutFirst:
    things: ThingConnection


@strawberry.type
class FirstWithoutDefault:
    @strawberry.field
    def things(self, first: int) -> ThingConnection:
        return ThingConnection(nodes=[Thing(name="one")] * first)


@strawberry.type
class Fine:
    some: list[Thing | None] | None = strawberry.field(metadata=at_most(3))
    names: list[str]

    @strawberry.field
    def things(self, first: int = 7) -> ThingConnection:
        return ThingConnection(nodes=[Thing(name="one")] * first)


@pytest.mark.parametrize("query", [Unsized, NotAList, PagesWithoutFirst, FirstWithoutDefault])
def test_no_schema_is_served_that_leaves_a_list_open(query: type) -> None:
    schema = core_schema(strawberry.Schema(query))
    with pytest.raises(TypeError, match=query.__name__):
        OperationLimits(schema, settings_for("sqlite:///unused.db", Path("unused")))


def test_what_is_declared_is_read() -> None:
    costs = field_costs(core_schema(strawberry.Schema(Fine)))
    assert costs["Fine"] == {
        "some": FieldCost(type_name="Thing", list_size=AtMost(items=3), page_default=None, is_counted=True),
        "things": FieldCost(type_name="ThingConnection", list_size=None, page_default=7, is_counted=True),
    }
    assert costs["ThingConnection"]["nodes"].list_size == PageSize()
    assert rationed_fields(core_schema(strawberry.Schema(Fine))) == frozenset()


def test_every_connection_is_reckoned_by_its_page(served: GraphQLSchema) -> None:
    costs = field_costs(served)
    connections = {name: fields for name, fields in costs.items() if name.endswith("Connection")}
    assert connections
    for name, fields in connections.items():
        assert (fields["nodes"].list_size, fields["edges"].list_size) == (PageSize(), PageSize())
        assert not costs[name.replace("Connection", "Edge")]["node"].is_counted
    assert {
        field.page_default for fields in costs.values() for field in fields.values() if field.type_name in connections
    } == {10, 100}


def test_mutations_that_count_attempts_are_rationed(served: GraphQLSchema) -> None:
    """Whatever needs no credentials, or takes a secret that could be guessed; and what is known to cost much."""
    assert served.mutation_type is not None
    rationed = rationed_fields(served)
    of_anybody, of_secrets = set[str](), set[str]()
    for name, field in served.mutation_type.fields.items():
        definition = definition_of(field)
        assert definition is not None
        if any(isinstance(extension, Open) for extension in definition.extensions):
            of_anybody.add(name)
        if SECRETS & {secret for argument in field.args.values() for secret in _fields_of(argument)}:
            of_secrets.add(name)
    assert of_anybody >= {"userRegister", "sessionCreate", "sessionRefresh", "passwordReset", "guestSessionCreate"}
    assert of_secrets >= {"sessionCreate", "sessionCreateWithGoogle", "passwordChange", "userDelete", "emailVerify"}
    assert rationed >= of_anybody | of_secrets | {"messageSend", "uploadCreate", "avatarSet", "userExport"}
    # Several of what is cheap may go together.
    assert not rationed & {"noteCreate", "videoAdd", "userUpdate", "jobCancel"}


def _fields_of(argument: GraphQLArgument) -> set[str]:
    """Of the input object that the argument takes."""
    type_ = argument.type.of_type if isinstance(argument.type, GraphQLNonNull) else argument.type  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  of a list of what, graphql-core does not type
    return set(type_.fields) if isinstance(type_, GraphQLInputObjectType) else set()


def test_no_more_samples_come_with_the_server_than_are_reckoned_with() -> None:
    assert len(load_samples()) <= MOST_SAMPLES
