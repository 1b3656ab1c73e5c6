"""The authorisation matrix: every operation and every field below it, asked by everybody, against access.toml."""

import asyncio

import pytest

from services.settings import Settings
from tests.schema.access import Access, faults_of_sight, read_access
from tests.schema.asking import Outcome, ask
from tests.schema.operations import BY_NEWCOMERS, CALLS, ENTERING, Arguments
from tests.schema.people import Person, email_of, newcomer
from tests.schema.sdl import Schema, served_schema
from tests.schema.selections import ENDLESS, seen
from tests.schema.world import World, inhabited
from tests.server import PASSWORD

REFUSALS = {
    "nobody": ("UNAUTHENTICATED", "MISSING"),
    "guest": ("UNAUTHENTICATED", "MISSING"),
    "bad": ("UNAUTHENTICATED", "INVALID"),
    "user": ("FORBIDDEN", None),
    "token": ("FORBIDDEN", None),
    "admin": ("FORBIDDEN", None),
}
"""What callers are told who are not named."""


@pytest.mark.asyncio
async def test_everybody_sees_what_the_table_says_and_nothing_else(settings: Settings) -> None:
    schema, access = served_schema(), read_access()
    async with inhabited(settings, entries=10) as world:
        callers = [person for person in world.people.values() if person.name != "entrant"]
        seen_by = await asyncio.gather(*(_sight(world, schema, access, person) for person in callers))
    entering = {field for sight in seen_by for kind, field in sight if kind == "entering"}
    assert faults_of_sight(access, "entering", entering) == []
    for person, sight in zip(callers, seen_by, strict=True):
        fields = {field for kind, field in sight if kind == person.kind}
        assert (person.name, faults_of_sight(access, person.kind, fields)) == (person.name, [])


ENTER = """mutation Enter($input: SessionCreateInput!) {
  sessionCreate(input: $input) {
    ... on SessionCreateSuccess { user { id notes { nodes { id } } conversations { nodes { id } } } }
  }
}"""


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.asyncio
async def test_whoever_signs_in_is_shown_their_own_and_not_the_callers(settings: Settings) -> None:
    async with inhabited(settings) as world:
        entrant = world.people["entrant"]
        own = {entrant.ids[name] for name in ("conversation", "on unready", "on broken")}
        for name in ("nobody", "guest A", "user A", "bad token"):
            account = {"email": email_of("entrant"), "password": PASSWORD}
            user = (await world.people[name].client.execute(ENTER, input=account)).data["sessionCreate"]["user"]
            assert user["id"] == entrant.ids["user"]
            assert {one["id"] for one in user["conversations"]["nodes"]} == own
            assert {one["id"] for one in user["notes"]["nodes"]} == {entrant.ids["note"], entrant.ids["note on broken"]}


async def _sight(world: World, schema: Schema, access: Access, person: Person) -> set[tuple[str, str]]:
    """The kind and the field of all that the person is shown. Fails on anything of somebody else's."""
    sight: set[tuple[str, str]] = set()
    for operation, calls in CALLS.items():
        # Whoever signs in owns what is below, and is no caller: of the others the first level is enough.
        below = person.kind if operation not in ENTERING else "entering"
        deepest = 1 if below == "entering" and person.kind != "nobody" else ENDLESS
        caller = await _caller(world, person, operation)
        for arguments in calls(world, caller):
            outcome = await ask(schema, caller, operation, arguments, deepest=deepest)
            _refuse_leaks(world, caller, operation, outcome)
            _expect(person, operation, arguments, outcome, allowed=person.kind in access[operation])
            for value in outcome.values:
                if value != []:
                    sight.add((person.kind, operation))
                if deepest == ENDLESS:
                    sight.update((below, field) for field in seen(schema, value))
    return sight


async def _caller(world: World, person: Person, operation: str) -> Person:
    """Themselves; or a newcomer of their kind, who is no worse off for what the operation does."""
    prepare = BY_NEWCOMERS.get(operation)
    if prepare is None or person.kind != "user":
        return person
    found = await newcomer(world.nobody)
    await prepare(found)
    return found


def _expect(person: Person, operation: str, arguments: Arguments, outcome: Outcome, *, allowed: bool) -> None:
    """All of an answer, or the one error that says why there is none."""
    expected = [] if allowed else [REFUSALS[person.kind]]
    assert outcome.refusals == expected, (person.name, operation, arguments, outcome.text)
    assert allowed or outcome.values == [], (person.name, operation, arguments, outcome.text)


def _refuse_leaks(world: World, person: Person, operation: str, outcome: Outcome) -> None:
    for other in world.people.values():
        is_own = person.name in {other.name, other.user} or (other.name == "entrant" and operation in ENTERING)
        # Operators are told whom an entry of the log is about.
        markers = [other.canary] if operation == "Query.auditEvents" else other.markers
        found = [] if is_own else [marker for marker in markers if marker in outcome.text]
        assert not found, (person.name, operation, other.name, found)
