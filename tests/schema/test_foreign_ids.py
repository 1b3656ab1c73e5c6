"""Somebody else's id, put wherever an id can be put, names nothing and changes nothing."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator

import pytest

from resolvers.nodes import FETCHES
from schema.types.nodes import LARGEST_ID, global_id, parse_global_id
from services.settings import Settings
from tests.client import Json
from tests.schema.access import read_access
from tests.schema.arguments import Leaf, fill, leaves_of
from tests.schema.asking import Outcome, ask
from tests.schema.operations import CALLS
from tests.schema.sdl import Schema, served_schema
from tests.schema.world import inhabited

PAIRS = [
    *(("user A", "user B"), ("user B", "user A"), ("user B", "guest A"), ("guest B", "user A"), ("guest B", "guest A")),
    *(("token A", "user A"), ("token A", "user B"), ("admin", "user A"), ("admin", "guest A")),
]
"""Who asks, and whose the things are. Not even what is its own user's is a long-term token's."""

RIGHTFUL = {("admin", "Query.auditEvents(filter.userId)", "user")}
"""Whom operators ask the log about."""

EMPTY_PAGE: Json = {"edges": [], "nodes": [], "totalCount": 0}


def id_leaves(schema: Schema, kind: str) -> Iterator[Leaf]:
    """Of the operations that are open to the kind of caller."""
    access = read_access()
    for operation in CALLS:
        if kind in access[operation]:
            yield from (leaf for leaf in leaves_of(schema, schema.operations[operation]) if leaf.type_name == "ID")


def is_refusal(operation: str, outcome: Outcome) -> bool:
    """Null or an empty page for a query, NotFound in a result, NOT_FOUND for a stream: as for what does not exist."""
    root_type, _, _ = operation.partition(".")
    match root_type:
        case "Query":
            return outcome.errors == [] and (outcome.values in ([], [[None]]) or _is_empty_page(outcome.values))
        case "Mutation":
            return outcome.errors == [] and [value["__typename"] for value in outcome.values] == ["NotFound"]
        case _:
            return outcome.values == [] and outcome.refusals == [("NOT_FOUND", None)]


def _is_empty_page(values: list[Json]) -> bool:
    return len(values) == 1 and all(values[0][name] == nothing for name, nothing in EMPTY_PAGE.items())


@pytest.mark.asyncio
async def test_somebody_elses_id_names_nothing_and_changes_nothing(settings: Settings) -> None:
    schema = served_schema()
    async with inhabited(settings) as world:
        before = await world.dump()
        for caller, owner in ((world.people[one], world.people[other]) for one, other in PAIRS):
            for leaf in id_leaves(schema, caller.kind):
                base = CALLS[leaf.place](world, caller)[0]
                for name, foreign in owner.ids.items():
                    if (caller.kind, str(leaf), name) in RIGHTFUL:
                        continue
                    outcome = await ask(schema, caller, leaf.place, fill(schema, leaf, base, foreign))
                    assert is_refusal(leaf.place, outcome), (caller.name, owner.name, name, str(leaf), outcome.text)
            assert await world.dump() == before, (caller.name, owner.name)


@pytest.mark.asyncio
async def test_an_id_of_nothing_is_refused_alike(settings: Settings) -> None:
    schema = served_schema()
    async with inhabited(settings) as world:
        own = world.people["user A"].ids["user"]
        largest = [global_id(type_name, LARGEST_ID) for type_name in sorted(FETCHES)]
        before = await world.dump()
        for caller in (world.people["user A"], world.people["token A"]):
            for leaf in id_leaves(schema, caller.kind):
                base = CALLS[leaf.place](world, caller)[0]
                # One's own, but of another kind than is asked for.
                other = [] if leaf.place in {"Query.node", "Query.nodes"} else [own]
                for nonsense in ("", "nonsense", "\0", "\ud800", *largest, *other):
                    outcome = await ask(schema, caller, leaf.place, fill(schema, leaf, base, nonsense))
                    assert is_refusal(leaf.place, outcome), (str(leaf), nonsense, outcome.text)
        assert await world.dump() == before


PLAIN = ["{}:0", "{}:-1", "{}:+1", "{}:01", "{}:1.0", "{}:1e3", "{}:1\n", "{}: 1", "{}:\u0661", "{}:", "{}", ":1", "\0"]


@pytest.mark.parametrize("plain", [*PLAIN, "video:1", f"{{}}:{LARGEST_ID + 1}", "{}:" + "9" * 30])
def test_what_was_never_given_out_is_no_id(plain: str) -> None:
    for type_name in FETCHES:
        written = urlsafe_b64encode(plain.format(type_name).encode()).decode()
        assert parse_global_id(written) is None
        assert parse_global_id(written.rstrip("=")) is None


@pytest.mark.parametrize(
    "text", ["", "=", "====", "Vm", "Vml kZW86MQ", "VmlkZW86MQ==x", "🙂", "\ud800", "\0", "a" * 100_000]
)
def test_what_is_no_base64_is_no_id(text: str) -> None:
    assert parse_global_id(text) is None


def test_an_id_is_read_as_it_was_written() -> None:
    for number in (1, 12, 123, 1234, LARGEST_ID):
        assert parse_global_id(global_id("Video", number)) == ("Video", number)
