"""Documents that Hypothesis makes out of the schema: as it allows them, and with one argument that it does not allow."""

import random
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import count

import hypothesis
from graphql import (
    DocumentNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    print_ast,
)
from graphql import build_schema as read_schema
from hypothesis.strategies import SearchStrategy, one_of
from hypothesis_graphql import Mode, mutations, queries

from tests.schema.sdl import served_sdl


class Kind(StrEnum):
    QUERY = "query"
    MUTATION = "mutation"
    WRONG_QUERY = "query with a wrong argument"
    WRONG_MUTATION = "mutation with a wrong argument"
    BROKEN = "broken text"
    SUBSCRIPTION = "subscription"


SHARES = {
    Kind.QUERY: 35,
    Kind.MUTATION: 30,
    Kind.WRONG_QUERY: 10,
    Kind.WRONG_MUTATION: 10,
    Kind.BROKEN: 10,
    Kind.SUBSCRIPTION: 5,
}
"""In percent."""

LONGEST_RUN = 20
"""Hypothesis varies what it has found before, so many short runs find more than a long one."""


SUPPRESSED = [
    hypothesis.HealthCheck.too_slow,
    hypothesis.HealthCheck.data_too_large,
    hypothesis.HealthCheck.large_base_example,
    hypothesis.HealthCheck.filter_too_much,
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    kind: Kind
    document: DocumentNode


@cache
def stress_schema() -> GraphQLSchema:
    return read_schema(served_sdl())


@cache
def generate(operations: int) -> tuple[Generated, ...]:
    """So many, of all kinds mixed; no two alike, and the same ones each time, as long as the product is the same."""
    wanted = {kind: max(1, operations * share // 100) for kind, share in SHARES.items()}
    wanted[Kind.QUERY] += operations - sum(wanted.values())
    found = [one for kind, number in wanted.items() for one in _of_kind(kind, number)]
    random.Random(operations).shuffle(found)  # noqa: S311  order, not secrecy
    return tuple(found)


def _of_kind(kind: Kind, wanted: int) -> Iterator[Generated]:
    strategies = _strategies(stress_schema(), kind)
    share = max(1, wanted // len(strategies))
    length = min(LONGEST_RUN, 2 + share)
    seen: set[str] = set()
    for turn in count():
        seed = zlib.crc32(f"{kind} {turn}".encode())
        drawn = {print_ast(one): one for one in _drawn(strategies[turn % len(strategies)], seed=seed, length=length)}
        new = [text for text in drawn if text not in seen]
        # No more than its share of the first ones, or there would be none of the last ones. The later are the odder.
        for text in new[-share:]:
            seen.add(text)
            yield Generated(kind=kind, document=drawn[text])
            if len(seen) == wanted:
                return


def _strategies(schema: GraphQLSchema, kind: Kind) -> list[SearchStrategy[DocumentNode]]:
    """One for each root field, so that none is rare, and one for several at once."""
    match kind:
        case Kind.QUERY | Kind.WRONG_QUERY:
            return [_queries(schema, fields, _mode(kind)) for fields in _choices(schema.query_type, kind)]
        case Kind.MUTATION | Kind.WRONG_MUTATION:
            return [_mutations(schema, fields, _mode(kind)) for fields in _choices(schema.mutation_type, kind)]
        case Kind.BROKEN:
            return [one_of(_queries(schema, None, Mode.POSITIVE), _mutations(schema, None, Mode.POSITIVE))]
        case Kind.SUBSCRIPTION:
            # The library knows of queries and mutations only.
            turned = GraphQLSchema(query=schema.subscription_type, types=list(schema.type_map.values()))
            choices = _choices(schema.subscription_type, kind)
            return [_queries(turned, fields, Mode.POSITIVE).map(_subscription) for fields in choices]


def _mode(kind: Kind) -> Mode:
    return Mode.NEGATIVE if kind in {Kind.WRONG_QUERY, Kind.WRONG_MUTATION} else Mode.POSITIVE


def _choices(root: GraphQLObjectType | None, kind: Kind) -> list[list[str] | None]:
    fields: Mapping[str, GraphQLField] = root.fields if root else {}
    # Where there is nothing to be wrong about, no wrong argument can be made.
    bare = set[str]()
    if kind is Kind.WRONG_QUERY:
        bare = {"server", "sampleVideos"}
    elif kind is Kind.WRONG_MUTATION:
        bare = {name for name, field in fields.items() if not field.args}
    return [*([name] for name in fields if name not in bare), None]


def _queries(schema: GraphQLSchema, fields: list[str] | None, mode: Mode) -> SearchStrategy[DocumentNode]:
    return queries(schema, fields=fields, mode=mode, print_ast=_unprinted)


def _mutations(schema: GraphQLSchema, fields: list[str] | None, mode: Mode) -> SearchStrategy[DocumentNode]:
    return mutations(schema, fields=fields, mode=mode, print_ast=_unprinted)


def _unprinted(document: DocumentNode) -> DocumentNode:
    return document


def _subscription(document: DocumentNode) -> DocumentNode:
    (query,) = document.definitions
    assert isinstance(query, OperationDefinitionNode)
    return DocumentNode(
        definitions=(OperationDefinitionNode(operation=OperationType.SUBSCRIPTION, selection_set=query.selection_set),)
    )


def _drawn(strategy: SearchStrategy[DocumentNode], *, seed: int, length: int) -> list[DocumentNode]:
    drawn: list[DocumentNode] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=length,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=SUPPRESSED,
    )
    @hypothesis.given(strategy)
    def draw(document: DocumentNode) -> None:
        drawn.append(document)

    draw()
    return drawn
