"""A value that is no good is not repeated in any message: it may be a secret, and messages are logged."""

import json
import re
from collections.abc import Iterator, Mapping

import pytest

from schema.unsaid_values import UNKNOWN, without_input, without_value
from tests.client import Answer
from tests.schema.arguments import Leaf, fill, leaves_of
from tests.schema.sdl import Schema, served_schema
from tests.server import Server

ONE_ENGINE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
CANARY = "canary' , found: \"'canary"
NUMBER = 8675309.25
WRONG: list[object] = [[CANARY], [[CANARY]], {"inner": CANARY}, NUMBER, [NUMBER], CANARY]
"""The last is wrong where an enum, a number or a time is wanted, and beside what is missing."""


def mutation_leaves(schema: Schema) -> list[Leaf]:
    return [
        leaf
        for place, field in schema.operations.items()
        if place.startswith("Mutation.")
        for leaf in leaves_of(schema, field)
    ]


def wrong_arguments(schema: Schema) -> Iterator[tuple[Leaf, Mapping[str, object]]]:
    for leaf in mutation_leaves(schema):
        yield from (
            (leaf, fill(schema, leaf, {}, wrong)) for wrong in WRONG if wrong != CANARY or leaf.type_name != "ID"
        )
        unknown = Leaf(place=leaf.place, path=(*leaf.path[:-1], "unknown"), type_name=leaf.type_name)
        yield leaf, fill(schema, unknown, fill(schema, leaf, {}, CANARY), CANARY)
        yield leaf, {leaf.path[0]: CANARY}


def literal(value: object) -> str:
    """As it is written into a document."""
    return re.sub(r'"(\w+)": ', r"\1: ", json.dumps(value))


def said(answer: Answer) -> list[str]:
    """The messages, once it is sure that nothing else tells the value either."""
    text = json.dumps(answer.body)
    assert "canary" not in text, text
    assert str(NUMBER) not in text, text
    return [error["message"] for error in answer.body.get("errors", [])]


def check(answer: Answer, schema: Schema, leaf: Leaf) -> None:
    """Each message names the field, its type, or an input that it belongs to."""
    messages = said(answer)
    codes = {error["extensions"]["code"] for error in answer.body.get("errors", [])}
    if codes <= {"UNAUTHENTICATED"}:
        # A text where a text is wanted, and nothing else is missing.
        assert leaf.type_name == "String"
        return
    assert codes == {"BAD_USER_INPUT"}
    inputs = [f"'{name}'" for name, type_ in schema.types.items() if type_.kind == "input"]
    for message in messages:
        assert any(name in message for name in (leaf.path[-1], leaf.type_name, *inputs)), (leaf, message)


@ONE_ENGINE
@pytest.mark.asyncio
async def test_neither_in_variables_nor_in_the_document(server: Server) -> None:
    schema = served_schema()
    assert len([leaf for leaf in mutation_leaves(schema) if leaf.type_name == "String"]) > 20
    for leaf, arguments in wrong_arguments(schema):
        field = schema.operations[leaf.place]
        name = leaf.place.partition(".")[2]
        argument = leaf.path[0]
        typed = f"$value: {field.arguments[argument].type}"
        written = literal(arguments[argument])
        asked = f"{{ {name}({argument}: $value) {{ __typename }} }}"
        for document in (
            f"mutation Wrong({typed}) {asked}",
            f"mutation Wrong({typed} = {written}) {asked}",
            f"mutation {asked.replace('$value', written)}",
        ):
            answer = await server.nobody.execute(document, value=arguments[argument])
            check(answer, schema, leaf)


@ONE_ENGINE
@pytest.mark.parametrize(
    ("document", "told"),
    [
        ('mutation { sessionCreate(input: {password: x "canary"}) }', "Syntax Error: Expected Name, found String."),
        ('mutation { sessionCreate(input: {"""canary""": 1}) }', "Syntax Error: Expected Name, found BlockString."),
        ("{ a 8675309.25 }", "Syntax Error: Expected Name, found Float."),
        ("{ a 8675309 }", "Syntax Error: Expected Name, found Int."),
        ('"canary" 5', "Syntax Error: Unexpected Int."),
        ('{ auditEvents(filter: {since: "canary"}) { totalCount } }', "Value cannot represent a DateTime."),
        ("{ auditEvents(filter: {kinds: canary}) { totalCount } }", "The value does not exist in 'AuditKind' enum."),
    ],
)
@pytest.mark.asyncio
async def test_in_errors_of_syntax_and_of_other_scalars(server: Server, document: str, told: str) -> None:
    assert said(await server.nobody.execute(document)) == [told]


BEFORE = "Variable '$i' has invalid value at .kinds[0]: "


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("String cannot represent a non string value: ['x\ny']", "String cannot represent a non string value."),
        (
            "Enum 'E' cannot represent non-enum value: \"x. y\". Did you mean the enum value 'A'?",
            "Enum 'E' cannot represent non-enum value. Did you mean the enum value 'A'?",
        ),
        ("Value 'x' does not exist in 'Z' enum.' does not exist in 'E' enum.", "The value does not exist in 'E' enum."),
        (
            "Value 'x' does not exist in 'E' enum. Did you mean the enum value 'A' or 'B'?",
            "The value does not exist in 'E' enum. Did you mean the enum value 'A' or 'B'?",
        ),
        (
            "Expected value of type 'I' not to include unknown field 'nam'. Did you mean 'name'? Found: {'nam': 'x'}.",
            "Expected value of type 'I' not to include unknown field 'nam'. Did you mean 'name'?",
        ),
        (
            "Expected value of type 'I' to include required field 'name', found: {'a': ', found: '}.",
            "Expected value of type 'I' to include required field 'name'.",
        ),
        ("Expected value of type 'I' not to include unknown field 'my secret', found: {}.", UNKNOWN),
        ("Expected value of type 'S', but encountered error 'x'; found: 'x'.", UNKNOWN),
        ("Something that a later version says of 'x'.", UNKNOWN),
    ],
)
def test_each_form_of_message(message: str, told: str) -> None:
    assert without_value(message) == told
    assert without_input(BEFORE + message) == BEFORE + told


@pytest.mark.parametrize(
    "message",
    [
        "Expected value of non-null type 'String!' not to be None.",
        "Expected a value of non-null type 'String!' to be provided.",
        (
            "Within OneOf Input Object type 'VideoRef', exactly one field must be specified, and the value for that "
            "field must be non-null."
        ),
    ],
)
def test_what_holds_no_value_stays(message: str) -> None:
    assert without_value(message) == message
    assert without_input(message) == message
