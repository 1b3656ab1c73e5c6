"""The schema keeps its conventions, each rule can fail, and the committed schema is the one that is served."""

from pathlib import Path

import pytest

from resolvers.nodes import FETCHES
from tests.schema import conventions
from tests.schema.conventions import EXCEPTIONS, RULES, Rule
from tests.schema.sdl import read_schema, served_schema, served_sdl

COMMITTED = Path(__file__).parents[2] / "schema" / "schema.graphql"


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == f"{served_sdl()}\n", "Run make sdl."


@pytest.mark.parametrize("rule", RULES)
def test_the_schema_keeps(rule: Rule) -> None:
    assert list(rule(served_schema())) == []


@pytest.mark.parametrize("exceptions", EXCEPTIONS)
def test_an_exception_names_a_field_that_is_there(exceptions: dict[str, str]) -> None:
    assert exceptions.keys() <= {field.place for field in served_schema().fields}


def test_every_node_can_be_fetched_by_its_id() -> None:
    schema = served_schema()
    assert FETCHES.keys() == {type_.name for type_ in schema.possible(schema.types["Node"])}


BREACHES = [
    (conventions.has_description, 'extend type Note { "No stop" colour: String }', "Note.colour"),
    (conventions.has_description, "extend type Note { colour: String }", "Note.colour"),
    (conventions.has_description, 'extend input VideoOrder { "No stop" nulls: String }', "VideoOrder.nulls"),
    (conventions.has_description, 'extend enum OrderDirection { "No stop" UP }', "OrderDirection.UP"),
    (conventions.has_description, 'extend type Note { "It." hue(of: String): String }', "Note.hue(of)"),
    (conventions.says_timestamp, 'extend type Note { "When it was read." readAt: DateTime }', "Note.readAt"),
    (conventions.is_an_object_and_no_foreign_id, "extend type Note { videoId: ID! }", "Note.videoId"),
    (conventions.is_a_node, "type Tag { id: ID! }", "Tag"),
    (conventions.is_a_whole_list, "extend type Note { tags: [String]! }", "Note.tags"),
    (conventions.is_a_whole_list, "extend type Note { tags: [String!] }", "Note.tags"),
    (conventions.can_grow, "extend type User { lastNotes: [Note!]! }", "User.lastNotes"),
    (conventions.has_the_shape_of_a_connection, "type TagConnection { edges: [String!]! }", "TagConnection"),
    (conventions.is_paged, "extend type User { likedNotes: NoteConnection! }", "User.likedNotes"),
    (
        conventions.is_paged,
        'extend type User { likedNotes("Many." first: Int! = 10, after: String): NoteConnection! }',
        "User.likedNotes",
    ),
    (conventions.is_plural, "extend type User { note: NoteConnection! }", "User.note"),
    (conventions.is_a_noun, "extend type User { getName: String }", "User.getName"),
    (conventions.is_a_question, "extend type Note { read: Boolean! }", "Note.read"),
    (conventions.is_a_screaming_snake, "enum Colour { red }", "Colour.red"),
    (conventions.is_a_screaming_snake, "enum ColourEnum { RED }", "ColourEnum"),
    (conventions.has_no_version, "type NoteV2 { text: String }", "NoteV2"),
    (conventions.is_a_known_scalar, "scalar Colour", "Colour"),
    (
        conventions.says_what_to_use_instead,
        'extend type Note { body: String @deprecated(reason: "It is old.") }',
        "Note.body",
    ),
    (conventions.is_bounded, 'extend type Note { "It." hue("Of." of: [ID!]!): String }', "Note.hue(of)"),
    (conventions.takes_an_order, "extend type User { first(orderBy: String): String }", "User.first(orderBy)"),
    (
        conventions.is_a_mutation_of_ours,
        "extend type Mutation { deleteNote(input: VideoRef!): NoteCreateResult! }",
        "deleteNote does not begin with a noun",
    ),
    (
        conventions.is_a_mutation_of_ours,
        "extend type Mutation { noteMark(input: VideoRef!): Note! }",
        "noteMark does not take one input: NoteMarkInput!",
    ),
    (
        conventions.is_a_mutation_of_ours,
        "extend type Mutation { noteMark(input: VideoRef!): Note! }",
        "noteMark does not return a union: NoteMarkResult!",
    ),
    (
        conventions.is_a_mutation_of_ours,
        "union NoteMarkResult = Note | NotFound extend type Mutation { noteMark(input: VideoRef!): NoteMarkResult! }",
        "noteMark: NoteMarkResult is not NoteMarkSuccess and failures",
    ),
    (conventions.is_a_failure_of_a_mutation, "type Gone implements UserError { message: String! }", "Gone"),
    (conventions.is_a_failure_of_a_mutation, "extend type Note { lost: NotFound }", "NotFound"),
    (
        conventions.is_a_stream_of_ours,
        "extend type Subscription { noteFollowed(after: String): Note! }",
        "noteFollowed does not return a union of events",
    ),
    (
        conventions.is_a_stream_of_ours,
        "extend type Subscription { noteFollowed: ReplyEvent! }",
        "noteFollowed cannot be resumed",
    ),
    (
        conventions.is_a_stream_of_ours,
        "union NoteEvent = Note extend type Subscription { noteFollowed(after: String): NoteEvent! }",
        "noteFollowed: Note is no StreamEvent",
    ),
]


def test_every_rule_is_shown_to_fail() -> None:
    assert {rule for rule, _, _ in BREACHES} == set(RULES)


@pytest.mark.parametrize(("rule", "extension", "breach"), BREACHES)
def test_a_breach_is_found(rule: Rule, extension: str, breach: str) -> None:
    assert breach in list(rule(read_schema(f"{served_sdl()} {extension}")))
