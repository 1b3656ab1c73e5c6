"""Checks of input: every problem at once, in the schema's words."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import InvalidInput, ProblemCode
from services.identity.users import check_email, check_password, normalise_email
from services.validation import Checks, label

anything = st.text(alphabet=st.characters())  # surrogates too


def codes(checks: Checks) -> list[tuple[str, str]]:
    """Path and code of each problem found."""
    try:
        checks.finish()
    except InvalidInput as refused:
        return [(".".join(problem.path), problem.code) for problem in refused.problems]
    return []


def is_storable(text: str) -> bool:
    """Whether both databases and JSON take it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def test_no_problem_is_no_refusal() -> None:
    Checks().finish()


def test_a_refusal_lists_all_problems_and_reads_as_a_text() -> None:
    checks = Checks()
    checks.text("", "patch", "name", maximum=5)
    checks.text("abcdef", "patch", "title", maximum=5)
    checks.text("a", "text", minimum=2, maximum=5)
    with pytest.raises(InvalidInput) as refused:
        checks.finish()
    assert codes(checks) == [("patch.name", "REQUIRED"), ("patch.title", "TOO_LONG"), ("text", "TOO_SHORT")]
    assert str(refused.value) == (
        "Name must not be blank. Title must have at most 5 characters. Text must have at least 2 characters."
    )


def test_a_refusal_says_each_sentence_once() -> None:
    checks = Checks()
    for number in range(3):
        checks.required("segments", str(number), "text")
    checks.required("name")
    checks.required("segments", "3", "text")
    with pytest.raises(InvalidInput) as refused:
        checks.finish()
    assert refused.value.message == str(refused.value) == "Text must not be blank. Name must not be blank."
    assert len(refused.value.problems) == 5


@given(anything, st.integers(0, 3), st.integers(3, 8))
def test_a_text_is_answered_trimmed_or_is_a_problem(value: str, minimum: int, maximum: int) -> None:
    checks = Checks()
    answer = checks.text(value, "name", minimum=minimum, maximum=maximum)
    trimmed = value.strip()
    if is_storable(value) and minimum <= len(trimmed) <= maximum:
        assert (answer, codes(checks)) == (trimmed, [])
    else:
        ((path, code),) = codes(checks)
        assert (answer, path) == ("", "name")
        assert (code == ProblemCode.INVALID_CHARACTER) is not is_storable(value)


@given(st.none() | anything)
def test_an_optional_text_is_a_text_or_nothing(value: str | None) -> None:
    checks = Checks()
    answer = checks.optional_text(value, "title", maximum=5)
    assert answer != ""
    if answer is None:
        assert codes(checks) or not (value or "").strip()
    else:
        assert answer == (value or "").strip()


@given(anything)
def test_any_password_is_taken_or_is_one_problem(password: str) -> None:
    checks = Checks()
    check_password(checks, password)
    fits = is_storable(password) and len(password) >= 7 and len(password.encode()) <= 1024
    assert len(codes(checks)) == (0 if fits else 1)


@given(anything | st.emails())
def test_any_address_is_taken_or_is_one_problem(text: str) -> None:
    checks = Checks()
    address = check_email(checks, text)
    assert len(codes(checks)) == (0 if address else 1)
    if address:
        assert is_storable(address)


@given(st.emails() | st.builds("{}@example.com".format, st.text(st.characters(categories=["L", "N"]), min_size=1)))
def test_an_address_has_one_form(text: str) -> None:
    address = normalise_email(text)
    if address is not None:
        assert normalise_email(address) == address
        assert normalise_email(f"  {address} ") == address
        assert address == address.lower().strip()


def test_a_label_begins_a_sentence() -> None:
    assert [label([name]) for name in ("name", "newPassword", "id")] == ["Name", "New password", "Id"]
    assert label(["video", "youtubeId"]) == "Youtube id"


def test_problems_survive_json() -> None:
    checks = Checks()
    checks.text("\ud800", "name", maximum=5)
    with pytest.raises(InvalidInput) as refused:
        checks.finish()
    json.dumps(str(refused.value)).encode()
