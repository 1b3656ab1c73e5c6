"""The reckoning is never less than what is returned: shown by queries of any shape, and by answers of the server."""

import json
from collections.abc import Mapping
from random import Random

import pytest
from graphql import (
    GraphQLSchema,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    build_schema,
    parse,
    print_schema,
    specified_rules,
    validate,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schema.transport.limits.field_costs import FieldCosts, field_costs
from schema.transport.limits.worst_case import WorstCase
from tests.client import Json
from tests.protocols.limits.fullest_answer import FullestAnswer
from tests.protocols.limits.random_documents import RandomDocument
from tests.server import Server

MOST_TO_TRY = 3_000
"""Objects that are really made for one query."""


def reckon(costs: FieldCosts, query: str, variables: Mapping[str, object]) -> int:
    document = parse(query)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return WorstCase(costs, document, operation, variables).nodes("Query")


@pytest.fixture(scope="module")
def shape(served: GraphQLSchema) -> GraphQLSchema:
    """The served schema without its resolvers."""
    return build_schema(print_schema(served))


@pytest.fixture(scope="module")
def costs(served: GraphQLSchema) -> FieldCosts:
    return field_costs(served)


@settings(max_examples=300)
@given(seed=st.integers(0, 2**32))
def test_no_answer_holds_more_objects_than_were_reckoned(shape: GraphQLSchema, costs: FieldCosts, seed: int) -> None:
    random = Random(seed)  # noqa: S311  nothing is kept secret by it
    asked = RandomDocument(shape, random)
    query = asked.query()
    # Every conflict would be one of this test's making; looking for them takes longest.
    rules = [rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule]
    assert validate(shape, parse(query), rules) == []
    reckoned = reckon(costs, query, asked.variables)
    assume(reckoned <= MOST_TO_TRY)
    full = FullestAnswer(shape, random)
    full.answer(query, asked.variables)
    assert full.objects <= reckoned


def objects_in(answer: Json) -> int:
    """As they are counted for the limit: an edge and its node are one, and `data` itself is none."""
    are_edges: list[bool] = []
    json.loads(json.dumps(answer), object_hook=lambda one: are_edges.append({"cursor", "node"} <= one.keys()))
    return len(are_edges) - sum(are_edges) - 1


NOTE = """
mutation Take($number: String!) {
  noteCreate(input: {video: {youtube: "dQw4w9WgXcQ"}, timestamp: $number, text: "A note"}) { __typename }
}
"""
QUESTIONS = [
    "{ viewer { user { id notes(first: 5) { nodes { id video { id title } } } } } }",
    "{ viewer { user { notes(first: 3) { edges { cursor node { id } } nodes { id } pageInfo { endCursor } } } } }",
    "{ viewer { user { videos { nodes { notes(first: 50) { edges { cursor node { video { processing { summary { state } } } } } } } } } } }",
    "{ sampleVideos { id transcript(first: 20) { nodes { text } edges { cursor node { text } } } } }",
    "{ sampleVideos { processing { metadata { state error { code } } transcript { state } summary { state } } } }",
    (
        "{ sampleVideos { ...V } } fragment V on Video { a: transcript(first: 2) { ...S } transcript(first: 9) { ...S } } "
        "fragment S on TranscriptSegmentConnection { nodes { text } pageInfo { hasNextPage } }"
    ),
    "{ viewer { kind wizQuota { used } user { conversations { nodes { messages { nodes { citations { label } } } } } } } }",
]


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.asyncio
async def test_the_server_returns_no_more_objects_than_were_reckoned(server: Server, costs: FieldCosts) -> None:
    user = await server.user()
    for number in range(6):
        assert (await user.execute(NOTE, number=f"0:0{number}")).data["noteCreate"]["__typename"] == "NoteCreateSuccess"
    found = {question: objects_in((await user.execute(question)).data) for question in QUESTIONS}
    reckoned = {question: reckon(costs, question, {}) for question in QUESTIONS}
    assert [question for question in QUESTIONS if found[question] > reckoned[question]] == []
    # A page that the server can fill is reckoned exactly: the viewer, the user, the connection, five notes and their videos.
    assert found[QUESTIONS[0]] == reckoned[QUESTIONS[0]] == 3 + 5 * 2
