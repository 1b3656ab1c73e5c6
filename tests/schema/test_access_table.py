"""The table of access lists the fields of the schema, all of them and no others; and the checks on it can fail."""

import pytest
import strawberry

from schema.permissions import OPEN
from schema.root import refuse_unguarded
from tests.schema.access import faults_of_sight, faults_of_table, read_access
from tests.schema.operations import CALLS, ENTERING
from tests.schema.sdl import read_schema, served_schema, served_sdl


def test_every_field_is_listed() -> None:
    assert faults_of_table(read_access(), served_schema()) == []


def test_every_operation_says_how_it_is_asked_for() -> None:
    assert CALLS.keys() == served_schema().operations.keys()
    assert CALLS.keys() >= ENTERING


def test_a_field_without_a_line_is_found() -> None:
    access = read_access()
    del access["Note.text"]
    assert faults_of_table(access, served_schema()) == ["Note.text is not listed"]
    grown = read_schema(f"{served_sdl()} extend type Note {{ colour: String }}")
    assert faults_of_table(read_access(), grown) == ["Note.colour is not listed"]


def test_a_line_without_a_field_is_found() -> None:
    assert faults_of_table(read_access() | {"Note.smell": {"user"}}, served_schema()) == ["Note.smell does not exist"]


def test_an_unknown_kind_of_caller_is_found() -> None:
    assert faults_of_table(read_access() | {"Note.text": {"usr"}}, served_schema()) == ["Note.text: usr is no caller"]


def test_a_cell_that_behaves_otherwise_is_found() -> None:
    access = read_access()
    right = {field for field, kinds in access.items() if "guest" in kinds}
    assert faults_of_sight(access, "guest", right) == []
    assert faults_of_sight(access, "guest", right | {"User.email"}) == ["guest sees User.email, and is not named"]
    assert faults_of_sight(access, "guest", right - {"Video.id"}) == ["guest is named, and does not see Video.id"]


def test_a_root_field_that_does_not_say_who_may_use_it_is_refused() -> None:
    @strawberry.type
    class Query:
        guarded: str = strawberry.field(extensions=[OPEN])
        secrets: str

    with pytest.raises(TypeError, match=r"Query\.secrets does not say who may use it"):
        refuse_unguarded(Query)
