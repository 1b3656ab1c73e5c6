"""How many objects an operation is reckoned to return at worst, and from which number on it is refused."""

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, OperationType, parse, validate

from schema.errors import QueryTooComplex
from schema.transport.limits.field_costs import field_costs
from schema.transport.limits.operation_limits import OperationLimits
from schema.transport.limits.worst_case import WorstCase

NOTES = "{ viewer { user { notes%s { nodes { id } } } } }"
ROOTS = {OperationType.QUERY: "Query", OperationType.MUTATION: "Mutation", OperationType.SUBSCRIPTION: "Subscription"}


def reckoned(schema: GraphQLSchema, query: str, **variables: object) -> int:
    document = parse(query)
    assert validate(schema, document) == []
    (operation,) = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return WorstCase(field_costs(schema), document, operation, variables).nodes(ROOTS[operation.operation])


@pytest.mark.parametrize(
    ("query", "nodes"),
    [
        ("{ viewer { kind } }", 1),
        ("{ __typename }", 0),
        ("{ __schema { types { name fields { name } } } }", 0),
        ("{ a: viewer { kind } b: viewer { kind } }", 2),
        # The viewer, the user, the connection, and the notes.
        (NOTES % "", 3 + 10),
        (NOTES % "(first: 50)", 3 + 50),
        ("{ viewer { user { notes { totalCount } } } }", 3),
        ("{ viewer { user { notes { pageInfo { endCursor } } } } }", 4),
        # An edge and its node are one; a page that is taken in both ways is two.
        ("{ viewer { user { notes { edges { cursor } } } } }", 3 + 10),
        ("{ viewer { user { notes { edges { node { id } } } } } }", 3 + 10),
        ("{ viewer { user { notes { edges { node { id } } nodes { id } } } } }", 3 + 10 + 10),
        ("{ viewer { user { notes(first: 7) { edges { node { video { id } } } } } } }", 3 + 7 * 2),
        ("{ viewer { user { notes(first: 7) { nodes { video { notes(first: 5) { nodes { id } } } } } } } }", 3 + 7 * 8),
        # Fragments, also on the connection itself, and inline.
        (NOTES.replace("nodes { id }", "...P") % "" + "fragment P on NoteConnection { nodes { ...N } } fragment N on Note { id }", 13),
        (NOTES.replace("nodes { id }", "... { ... on NoteConnection { nodes { id } } }") % "", 13),
        (("{ viewer { user { ...A notes(first: 2) { ...P } } } } fragment A on User { conversations(first: 3) { nodes { id } } } "
         "fragment P on NoteConnection { nodes { id } }"), 2 + (1 + 3) + (1 + 2)),
        # Types of a union are added up.
        ('{ node(id: "x") { ... on Note { video { id } } ... on Conversation { video { id } } } }', 3),
        ('{ nodes(ids: ["x", "y"]) { id } }', 2),
        ('{ nodes(ids: "x") { id } }', 1),
        ("{ sampleVideos { id } }", 5),
        ('{ node(id: "x") { ... on Message { citations { label } } } }', 1 + 15),
        ('mutation { replyStop(input: {messageId: "x"}) { ... on ReplyStopSuccess { message { id } } } }', 2),
        ('subscription { videoReadiness(videoId: "x") { ... on VideoReady { video { processing { summary { state } } } } } }', 4),
        ("{ viewer @skip(if: true) { user @include(if: false) { id } } }", 2),
    ],
)  # fmt: skip
def test_objects_are_counted(query: str, nodes: int, served: GraphQLSchema) -> None:
    assert reckoned(served, query) == nodes


@pytest.mark.parametrize(
    ("value", "page"),
    [
        (3, 3),
        (0, 0),
        (-1, 0),
        (-(2**31), 0),
        (4.0, 4),
        (2**31 - 1, 2**31 - 1),
        # What is no number is refused by coercion, and counts as the default until then.
        (None, 10),
        (True, 10),
        (1.5, 10),
        (float("inf"), 10),
        (float("nan"), 10),
        ("50", 10),
        ([50], 10),
        ({"a": 50}, 10),
    ],
)
def test_variables_may_be_anything(value: object, page: int, served: GraphQLSchema) -> None:
    most = 10**9
    assert reckoned(served, f"query($n: Int!) {NOTES % '(first: $n)'}", n=value) == min(3 + page, most)
    assert reckoned(served, f"query($n: Int! = 20) {NOTES % '(first: $n)'}", n=value) == min(3 + page, most)


def test_a_variable_that_is_left_out_has_its_default(served: GraphQLSchema) -> None:
    assert reckoned(served, f"query($n: Int! = 20) {NOTES % '(first: $n)'}") == 3 + 20
    assert reckoned(served, f"query($n: Int!) {NOTES % '(first: $n)'}") == 3 + 10
    assert reckoned(served, f"query($n: Int! = 20) {NOTES % '(first: $n)'}", m=50) == 3 + 20


@pytest.mark.parametrize(
    ("ids", "nodes"),
    [(list[str](), 0), (["x"] * 3, 3), (["x"] * 51, 50), ("x", 1), (7, 1), ([["x"]], 1), (None, 50), ({"a": 1}, 1)],
)
def test_a_list_of_ids_tells_how_many_there_are(ids: object, nodes: int, served: GraphQLSchema) -> None:
    assert reckoned(served, "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids) == nodes
    assert reckoned(served, 'query($id: ID!) { nodes(ids: [$id, "y", $id]) { id } }', id=ids) == 3


def test_a_web_of_lists_costs_no_more_than_its_text(served: GraphQLSchema, limits: OperationLimits) -> None:
    # Checked without validation, which would refuse it for its depth.
    fragments = " ".join(
        f"fragment F{n} on Video {{ notes(first: 50) {{ nodes {{ video {{ ...F{n + 1} ...F{n + 1} }} }} }} }}"
        for n in range(60)
    )
    document = parse(f"{{ sampleVideos {{ ...F0 }} }} {fragments} fragment F60 on Video {{ id }}")
    (operation, *_) = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    assert WorstCase(field_costs(served), document, operation, {}).nodes("Query") == 10**9
    with pytest.raises(QueryTooComplex):
        limits.check_nodes(document, operation, {}, signed_in=True)


@pytest.mark.parametrize(
    "query", ["{ ...F }", "{ viewer { ...F } } fragment F on Viewer { ...F user { id } }", "{ nope { id } }", "{ }"]
)
def test_even_what_is_not_valid_ends(query: str, limits: OperationLimits) -> None:
    document = parse(query)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    limits.check_nodes(document, operation, {}, signed_in=False)


def test_who_is_signed_in_may_ask_for_more(limits: OperationLimits) -> None:
    def check(first: int, *, signed_in: bool) -> None:
        document = parse(f"{{ viewer {{ conversations(first: {first}) {{ nodes {{ id }} }} }} }}")
        operation = document.definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        limits.check_nodes(document, operation, {}, signed_in=signed_in)

    check(998, signed_in=False)
    check(9_998, signed_in=True)
    for first, signed_in, maximum in ((999, False, 1_000), (9_999, True, 10_000)):
        with pytest.raises(QueryTooComplex) as refusal:
            check(first, signed_in=signed_in)
        assert (refusal.value.limit, refusal.value.value, refusal.value.maximum) == ("nodes", maximum + 1, maximum)
