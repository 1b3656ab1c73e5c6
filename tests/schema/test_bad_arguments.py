"""Arguments that nobody should send, put wherever an argument can be put: each is refused, and nothing happens."""

from collections.abc import Iterator

import pytest

from services.settings import Settings
from tests.schema.access import read_access
from tests.schema.arguments import Leaf, fill, leaves_of
from tests.schema.asking import Outcome, ask
from tests.schema.operations import CALLS, GIVEN, Arguments
from tests.schema.people import Person
from tests.schema.sdl import Schema, served_schema
from tests.schema.selections import select, write
from tests.schema.shapes import faults_of_errors, faults_of_text
from tests.schema.world import World, inhabited

UNSTORABLE = ["\0", "a\0b", "\ud800", "tide \udfff"]
WRONG: dict[str, list[object]] = {
    "String": [1, 1.5, True, [], {}, ["a", "b"]],
    "ID": [1.5, True, [[]], {}],
    "Boolean": ["true", 1, 0, {}],
    "Float": ["x", "1", True, {}],
    "DateTime": ["x", "", "yesterday", 1, True, {}],
    "JSON": [],  # takes anything
    "Int": ["x", "1", 1.5, True, {}, 2**31, -(2**31) - 1, 2**63, 10**400],
}
WRONG_ENUM: list[object] = ["NOPE", "noted", "", 1, True, {}]
REFUSED = [{"BAD_USER_INPUT"}, {"QUERY_TOO_COMPLEX"}]
"""The second for the size of a page that is more than could ever be shown, before it is looked at as a number."""
ACCESS = read_access()
STREAMS = frozenset(place for place in CALLS if place.startswith("Subscription."))


def root_leaves(schema: Schema) -> list[Leaf]:
    return [leaf for field in schema.operations.values() for leaf in leaves_of(schema, field)]


def nested_leaves(schema: Schema) -> list[Leaf]:
    """Of the fields below the root."""
    nested = (field for field in schema.fields if field.place not in schema.operations)
    return [leaf for field in nested for leaf in leaves_of(schema, field)]


async def ask_nested(schema: Schema, person: Person, leaf: Leaf, value: object) -> Outcome:
    """Of the viewer, from whom everything can be reached, with the value at the leaf."""
    name, *path = leaf.path
    written = "$value"
    for step in reversed(path):
        written = f"{{{step}: {written}}}"
    selection = select(schema, schema.operations["Query.viewer"], given={**GIVEN, leaf.place: f"({name}: {written})"})
    query = f"query Asked($value: {leaf.type_name}!) {{ viewer{write(selection)} }}"
    answer = await person.client.execute(query, value=value)
    return Outcome.from_answer(answer)


def asker(world: World, place: str) -> Person:
    """Somebody who may."""
    return world.people["user A" if "user" in ACCESS[place] else "admin"]


def check(outcome: Outcome, asked: object, *, is_bad_input: bool = True) -> None:
    """Well-formed; and with `is_bad_input`, nothing but a refusal."""
    assert [*faults_of_errors(outcome.errors, outcome.request_id), *faults_of_text(outcome.text)] == [], asked
    if is_bad_input:
        assert {code for code, _ in outcome.refusals} in REFUSED, (asked, outcome.text)


@pytest.mark.asyncio
async def test_text_that_cannot_be_stored_is_refused_everywhere(settings: Settings) -> None:
    schema = served_schema()
    async with inhabited(settings) as world:
        person = world.people["user A"]
        before = await world.dump()
        for leaf in root_leaves(schema):
            caller = asker(world, leaf.place)
            for text in UNSTORABLE if leaf.type_name == "String" else []:
                arguments = fill(schema, leaf, CALLS[leaf.place](world, caller)[0], text)
                outcome = await ask(schema, caller, leaf.place, arguments)
                # A stream that cannot read a position tells everything anew; a mutation refuses in its result.
                check(outcome, arguments, is_bad_input=leaf.place.startswith("Query."))
                assert leaf.place in STREAMS or not is_success(outcome), (arguments, outcome.text)
        for leaf in nested_leaves(schema):
            for text in UNSTORABLE if leaf.type_name == "String" else []:
                check(await ask_nested(schema, person, leaf, text), (str(leaf), text))
        assert await world.dump() == before


def is_success(outcome: Outcome) -> bool:
    return any(value["__typename"].endswith("Success") for value in outcome.values)


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.asyncio
async def test_a_value_of_another_type_is_refused_before_anything_runs(settings: Settings) -> None:
    schema = served_schema()
    async with inhabited(settings) as world:
        person = world.people["user A"]
        before = await world.dump()
        for place, arguments in wrong_arguments(schema, world, person):
            outcome = await ask(schema, asker(world, place), place, arguments, deepest=1)
            check(outcome, (place, arguments))
            assert outcome.values == [], (place, arguments, outcome.text)
        for leaf in nested_leaves(schema):
            for wrong in WRONG.get(leaf.type_name, WRONG_ENUM):
                check(await ask_nested(schema, person, leaf, wrong), (str(leaf), wrong))
        assert await world.dump() == before


def wrong_arguments(schema: Schema, world: World, person: Person) -> Iterator[tuple[str, Arguments]]:
    for leaf in root_leaves(schema):
        base = CALLS[leaf.place](world, person)[0]
        for wrong in WRONG.get(leaf.type_name, WRONG_ENUM):
            yield leaf.place, fill(schema, leaf, base, wrong)
        if len(leaf.path) > 1:
            unknown = Leaf(place=leaf.place, path=(*leaf.path[:-1], "unknown"), type_name=leaf.type_name)
            yield leaf.place, fill(schema, unknown, base, "x")
    for place, field in schema.operations.items():
        for name, argument in field.arguments.items():
            if argument.is_required:
                yield place, {name: None}
                yield place, {name: 1.5}
                yield place, {name: [1, {}]}
