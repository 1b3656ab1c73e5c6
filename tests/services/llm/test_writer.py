"""What is written in a transcript's own words, over the sample videos and over transcripts that offer little."""

import json
from pathlib import Path

import pytest

import db
from services.llm.chat_model import ChatTurn, ModelRefused, Segment
from services.llm.passages import find_passages
from services.llm.questions import read_question
from services.llm.ranking import Ranking
from services.llm.sentences import split_sentences
from services.llm.writing.drafts import NOTE_LENGTH, check_note, check_questions, check_summary
from services.llm.writing.writer import ExtractiveWriter, NoteContext

pytestmark = pytest.mark.asyncio

SAMPLES = sorted((Path(db.__file__).parent / "samples").glob("*.json"))
EVERY_SAMPLE = pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)


def sample(path: Path) -> tuple[str, list[Segment]]:
    found = json.loads(path.read_text())
    cues = found["segments"]
    return found["title"], [
        Segment(start_seconds=cue["startSeconds"], duration_seconds=cue["durationSeconds"], text=cue["text"])
        for cue in cues
    ]


def speech(*texts: str) -> list[Segment]:
    return [Segment(start_seconds=5.0 * at, duration_seconds=5.0, text=text) for at, text in enumerate(texts)]


async def note_at(segments: list[Segment], nearest: int) -> str:
    first = max(0, nearest - 15)
    return await ExtractiveWriter().write_note(
        NoteContext(segments=segments[first : nearest + 16], nearest=nearest - first)
    )


@EVERY_SAMPLE
async def test_a_sample_is_summed_up_with_questions_that_it_answers(path: Path) -> None:
    title, segments = sample(path)
    draft = await ExtractiveWriter().summarise(title, segments)
    assert check_summary(draft.summary) == draft.summary
    assert draft.questions is not None
    assert check_questions(draft.questions) == draft.questions
    ranking = Ranking(split_sentences(segments))
    for question in draft.questions:
        asked = read_question([ChatTurn(role="user", content=question)], title)
        assert find_passages(asked, ranking), question
    assert await ExtractiveWriter().summarise(title, segments) == draft


@EVERY_SAMPLE
async def test_every_moment_of_a_sample_gets_a_note_of_what_is_said_there(path: Path) -> None:
    _, segments = sample(path)
    for nearest in range(0, len(segments), 5):
        note = await note_at(segments, nearest)
        assert check_note(note) == note
        assert len(note) in NOTE_LENGTH
        said = " ".join(segment.text for segment in segments[max(0, nearest - 15) : nearest + 16]).casefold()
        assert all(word.strip(".,;:!?") in said for word in note.casefold().split()), note


async def test_a_long_sentence_is_cut_where_a_clause_ends() -> None:
    long = (
        "The stone bridge over the river was built by hand in nine years, because the water was too deep for piles, "
        "and the masons had to wait for every dry summer before they could go on with the arches."
    )
    assert await note_at(speech(long), 0) == (
        "The stone bridge over the river was built by hand in nine years, because the water was too deep for piles."
    )


async def test_captions_without_punctuation_become_a_line() -> None:
    cues = speech(
        "so the river carries sand down from the hills", "and drops it where the water gets slow", "near the sea"
    )
    note = await note_at(cues, 0)
    assert note[0].isupper()
    assert note.endswith(".")
    assert "river carries sand" in note


@pytest.mark.parametrize("texts", [("Hello.",), ("[Music]", "[Applause]"), ("...", "?!")])
async def test_where_nothing_is_said_there_is_no_note(texts: tuple[str, ...]) -> None:
    with pytest.raises(ModelRefused) as refused:
        await note_at(speech(*texts), 0)
    assert refused.value.code == "NOTHING_TO_SAY"


@pytest.mark.parametrize("texts", [(), ("Hello.",), ("So it goes.",) * 50, ("la " * 30,) * 20])
async def test_where_little_is_said_nothing_is_asked(texts: tuple[str, ...]) -> None:
    assert (await ExtractiveWriter().summarise("", speech(*texts))).questions is None


async def test_reasons_and_subjects_are_asked_for() -> None:
    filler = "The river bed carries fine sand down to the old harbour every spring."
    cues = speech(
        "The old harbour is closed in winter because the river bed fills with sand.",
        *([filler] * 2),
        "A sand bar moves when the wind turns.",
        *([f"{filler} Ships avoid a sand bar."] * 3),
        "The tide gauge at the pier is read twice, and the tide gauge is cleaned by a diver.",
        "Nobody may touch the tide gauge in between.",
    )
    assert (await ExtractiveWriter().summarise("The harbour", cues)).questions == [
        "Why is the old harbour closed in winter?",
        "What does the video say about a sand bar?",
        "What does the video say about the tide gauge?",
    ]


async def test_terms_that_are_introduced_are_asked_for() -> None:
    title, segments = sample(next(path for path in SAMPLES if path.stem == "sample-tide"))
    draft = await ExtractiveWriter().summarise(title, segments)
    assert draft.questions is not None
    assert any(question.startswith("What does the speaker mean by the ") for question in draft.questions)
