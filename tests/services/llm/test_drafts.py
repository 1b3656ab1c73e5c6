import pytest

from services.llm.writing.drafts import Unusable, check_note, check_questions, check_summary

PROSE = "The Moon pulls the near side of the Earth harder than the far side. "
QUESTIONS = ["Why are there two bulges?", "What is a spring tide, and when?", "How far is it to the Moon?"]


@pytest.mark.parametrize(
    "text",
    [
        "See https://evil.example.",
        "See www.evil.example now.",
        "See evil.com now.",
        "Write to mailto:a",
        "[click](x)",
        "![picture](x)",
        "<script>",
        "# Heading",
        "- A point",
        "\n* A point",
        "\n2. A point",
        "A | table",
        "At 12:05 it says so.",
        "At 1:02:03 it says so.",
    ],
)
def test_what_is_no_plain_prose_is_refused(text: str) -> None:
    with pytest.raises(Unusable) as refused:
        check_summary(text + " " + PROSE * 4)
    # The reason goes back to the model, and must not carry what a stranger made it write.
    assert text.strip() not in str(refused.value)


@pytest.mark.parametrize("length", [0, 1, 199, 801])
def test_a_summary_has_its_bounds(length: int) -> None:
    with pytest.raises(Unusable):
        check_summary("x" * length)


def test_a_summary_becomes_one_paragraph() -> None:
    assert check_summary(f"  {PROSE * 2}\n\n**Then**\u202e{PROSE}\x00  ") == " ".join(
        f"{PROSE * 2} Then{PROSE}".split()
    )
    assert check_summary("Little is said.", shortest=5) == "Little is said."


@pytest.mark.parametrize(
    "texts",
    [
        [],
        QUESTIONS[:2],
        [*QUESTIONS, "What is a neap tide, and when?"],
        [*QUESTIONS[:2], QUESTIONS[1].upper()],
        [*QUESTIONS[:2], "Why is that?"],
        [*QUESTIONS[:2], f"Why {'so ' * 50}?"],
        [*QUESTIONS[:2], "Tell me about the bulges."],
        [*QUESTIONS[:2], " " * 30],
    ],
)
def test_three_questions_or_none(texts: list[str]) -> None:
    with pytest.raises(Unusable):
        check_questions(texts)


def test_questions_are_trimmed() -> None:
    assert check_questions([f" {question}\n" for question in QUESTIONS]) == QUESTIONS


@pytest.mark.parametrize(
    "text",
    [
        "Too short.",
        "x" * 121,
        f"{PROSE}\nAnd more.",
        f"{PROSE}\N{WAVING HAND SIGN}",
        f"{PROSE}$5",
        "@" + PROSE,
        "1234567890 1234567890 1234567890 1234567890",
    ],
)
def test_a_note_is_one_short_line_without_special_characters(text: str) -> None:
    with pytest.raises(Unusable):
        check_note(text)


@pytest.mark.parametrize(
    "text",
    [
        PROSE.strip(),
        "L\u2019\u00e9nergie n\u2019est jamais perdue, elle change seulement de forme (toujours).",
        "\u091a\u0902\u0926\u094d\u0930\u092e\u093e " * 6 + "\u0939\u0948\u0964",
    ],
)
def test_a_note_may_be_in_any_script(text: str) -> None:
    assert check_note(text) == text
