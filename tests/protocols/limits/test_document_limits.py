"""What is counted in a document, at the edges: what is just allowed is, and one more is not."""

from collections.abc import Callable

import pytest
from graphql import DocumentNode, GraphQLSchema, get_introspection_query, parse

from schema.errors import QueryTooComplex
from schema.transport.limits.operation_limits import OperationLimits
from tests.protocols.limits.fragment_bombs import web

Make = Callable[[int], str]


def refusal(limits: OperationLimits, document: DocumentNode | str) -> tuple[str, int, int] | None:
    try:
        limits.check_document(parse(document) if isinstance(document, str) else document)
    except QueryTooComplex as error:
        return error.limit, error.value, error.maximum
    return None


def levels(count: int) -> str:
    return "{ a " * count + "}" * count


def levels_by_fragments(count: int) -> str:
    links = " ".join(f"fragment F{n} on T {{ a {{ ...F{n + 1} }} }}" for n in range(count - 1))
    return f"{{ ... on T {{ ...F0 }} }} {links} fragment F{count - 1} on T {{ a }}"


def named(count: int) -> str:
    return " ".join(f"a{n}: a" for n in range(count))


CASES: dict[str, tuple[str, int, Make]] = {
    "levels": ("depth", 12, levels),
    "levels by fragments": ("depth", 12, levels_by_fragments),
    "aliases": ("aliases", 30, lambda count: f"{{ t {{ {named(count)} }} }}"),
    "aliases of a fragment": ("aliases", 30, lambda count: f"{{ t {{ ...F }} }} fragment F on T {{ {named(count)} }}"),
    "aliases of an unused fragment": ("aliases", 30, lambda count: f"{{ t }} fragment F on T {{ {named(count)} }}"),
    "aliases over operations": (
        "aliases",
        30,
        lambda count: f"query A {{ t {{ {named(count - 10)} }} }} query B {{ t {{ {named(10)} }} }}",
    ),
    "aliases spread often": (
        "aliases",
        30,
        lambda count: f"{{ t {{ {'...F ' * count} }} }} fragment F on T {{ b: a }}",
    ),
    "directives": ("directives", 50, lambda count: f"{{ t {'@d ' * count} }}"),
    "directives on a spread": ("directives", 50, lambda count: f"{{ ...F {'@d ' * count} }} fragment F on T {{ t }}"),
    "directives of a fragment": ("directives", 50, lambda count: f"{{ ...F }} fragment F on T {'@d ' * count} {{ t }}"),
    "directives on an inline fragment": ("directives", 50, lambda count: f"{{ ... {'@d ' * count} {{ t }} }}"),
    "directives on an operation": ("directives", 50, lambda count: f"query A {'@d ' * count} {{ t }}"),
    "directives on a variable": ("directives", 50, lambda count: f"query A($a: T {'@d ' * count}) {{ t }}"),
    "root fields": ("rootFields", 10, lambda count: f"{{ {named(count)} }}"),
    "root fields of fragments": (
        "rootFields",
        10,
        lambda count: f"{{ ...F b ... on T {{ c }} }} fragment F on T {{ {named(count - 2)} }}",
    ),
    "selections": ("selections", 5_000, lambda count: f"{{ t {{ {'a ' * (count - 1)} }} }}"),
}


@pytest.mark.parametrize("name", CASES)
def test_so_much_and_no_more(name: str, limits: OperationLimits) -> None:
    limit, maximum, make = CASES[name]
    assert refusal(limits, make(maximum)) is None
    assert refusal(limits, make(maximum + 1)) == (limit, maximum + 1, maximum)


def test_what_is_asked_for_twice_under_one_name_is_one_root_field(limits: OperationLimits) -> None:
    fragments = " ".join(f"fragment F{n} on T {{ viewer {{ a{n} }} }}" for n in range(20))
    spread = " ".join(f"...F{n}" for n in range(20))
    assert refusal(limits, f"{{ {spread} }} {fragments}") is None


def test_a_web_of_fragments_is_reckoned_and_not_walked(limits: OperationLimits) -> None:
    # Walked, it would have more fields than there are atoms.
    assert refusal(limits, "{ ...F0 }" + web(10, 300, "a")) == ("selections", 10**9, 5_000)
    assert refusal(limits, "{ ...F0 }" + web(1, 300, "a")) is None


@pytest.mark.parametrize(
    "document",
    [
        "{ ...F }",
        "{ ...F } fragment F on T { ...F }",
        "{ ...F } fragment F on T { ...G } fragment G on T { a { ...F } }",
        "fragment F on T { ...F }",
        "fragment F on T { a } fragment F on T { ...F } { ...F }",
        "query A { a } query A { ...A } { ...A }",
        "type T { a: Int }",
        "schema { query: T } extend type T @d",
        "{ a { } }",
        "{ }",
        "subscription { a b }",
        "mutation { ...F }",
        "{ __schema __type { __typename } }",
    ],
)
def test_what_is_not_valid_is_left_to_validation(document: str, limits: OperationLimits) -> None:
    assert refusal(limits, document) is None


def test_a_document_may_hold_nothing_at_all(limits: OperationLimits) -> None:
    assert refusal(limits, DocumentNode(definitions=())) is None


def test_tools_may_look_deep_into_the_schema(limits: OperationLimits, served: GraphQLSchema) -> None:
    del served
    whole = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )
    assert refusal(limits, whole) is None
    of_type = "ofType { " * 30 + "name" + " }" * 30
    assert refusal(limits, f"{{ __schema {{ types {{ {of_type} }} }} }}") is None
    assert refusal(limits, f'{{ __type(name: "A") {{ ...F }} }} fragment F on __Type {{ {of_type} }}') is None
    # But not to hide something else behind it.
    assert refusal(limits, f"{{ __schema {{ types {{ name }} }} {levels(12)[1:-1]} }}") is None
    assert refusal(limits, f"{{ __schema {{ types {{ name }} }} {levels(13)[1:-1]} }}") == ("depth", 13, 12)
