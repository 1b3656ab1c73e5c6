"""How well the extractive model answers natural questions about the lectures that ship with the product."""

import json
from functools import cache
from pathlib import Path
from typing import TypedDict

import pytest

from services.llm.chat_model import ChatRequest, ChatTurn, Segment
from services.llm.citations import cite
from services.llm.extractive import compose_answer
from services.llm.prompts import REFUSAL

SAMPLES = Path(__file__).parents[3] / "db" / "samples"
LECTURES = ("sample-tide", "sample-text", "sample-heat")

# Lecture, question, and the seconds between which the lecture answers it.
COVERED = (
    ("sample-tide", "What is the difference between spring tides and neap tides?", 515, 590),
    ("sample-tide", "Why is the Sun's effect on the tides smaller than the Moon's?", 450, 505),
    ("sample-tide", "How high do the tides get in the Bay of Fundy?", 770, 795),
    ("sample-tide", "Why is there hardly any tide in the Mediterranean?", 900, 935),
    ("sample-tide", "What causes a tidal bore and where can I see one?", 1035, 1100),
    ("sample-tide", "How fast is the Moon moving away from the Earth?", 1385, 1415),
    ("sample-tide", "Are days on Earth getting longer because of the tides?", 1280, 1365),
    ("sample-tide", "How do I use a tide table to work out the depth of water?", 1680, 1745),
    ("sample-text", "Why are stop words sometimes kept in the index?", 300, 345),
    ("sample-text", "What goes wrong with stemming?", 365, 412),
    ("sample-text", "How does PageRank decide which pages are important?", 1188, 1265),
    ("sample-text", "How are gaps used to compress the postings lists?", 600, 690),
    ("sample-text", "What was the Cranfield experiment?", 1083, 1130),
    ("sample-text", "How does a web crawler know which pages it is not allowed to visit?", 1318, 1357),
    ("sample-text", "How can I combine BM25 with embeddings?", 1702, 1757),
    ("sample-text", "How are misspelled queries corrected?", 1496, 1578),
    ("sample-heat", "What's the difference between heat and temperature?", 100, 258),
    ("sample-heat", "How did Joule measure the mechanical equivalent of heat?", 768, 902),
    ("sample-heat", "What is the maximum efficiency of a heat engine?", 2164, 2262),
    ("sample-heat", "Why does ice stay at zero degrees while it melts?", 1446, 1504),
    ("sample-heat", "How does a refrigerator work?", 2272, 2327),
    ("sample-heat", "What is Maxwell's demon?", 3256, 3342),
    ("sample-heat", "What is written on Boltzmann's grave?", 2944, 2978),
    ("sample-heat", "Should I put a lid on the pot when cooking?", 4055, 4112),
)
OFF_TOPIC = (
    "What is the best recipe for banana bread?",
    "Who won the football World Cup in 2018?",
    "How do I renew my passport?",
    "Can you write me a poem about cats?",
    "What is the capital of Australia?",
    "Which laptop should I buy for gaming?",
)


class _Cue(TypedDict):
    startSeconds: float
    durationSeconds: float
    text: str


class _Lecture(TypedDict):
    title: str
    suggestedQuestions: list[str]
    segments: list[_Cue]


@cache
def _lecture(name: str) -> tuple[_Lecture, list[Segment]]:
    lecture: _Lecture = json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))
    segments = [
        Segment(start_seconds=cue["startSeconds"], duration_seconds=cue["durationSeconds"], text=cue["text"])
        for cue in lecture["segments"]
    ]
    return lecture, segments


def _answer(name: str, question: str) -> str:
    lecture, segments = _lecture(name)
    turns = [ChatTurn(role="user", content=question)]
    return compose_answer(ChatRequest(title=lecture["title"], segments=segments, turns=turns))


def _cited_seconds(name: str, answer: str) -> list[float]:
    return [citation.start_seconds for citation in cite(answer, _lecture(name)[1])]


def test_natural_questions_are_answered_from_the_right_stretch() -> None:
    missed: list[str] = []
    led_astray: list[str] = []
    for name, question, first, last in COVERED:
        cited = _cited_seconds(name, _answer(name, question))
        hits = [first <= seconds <= last for seconds in cited]
        if not any(hits):
            missed.append(question)
        if not hits or not hits[0]:
            led_astray.append(question)
    assert len(COVERED) - len(missed) >= 20, missed
    assert len(COVERED) - len(led_astray) >= 15, led_astray


@pytest.mark.parametrize("name", LECTURES)
@pytest.mark.parametrize("question", OFF_TOPIC)
def test_off_topic_questions_are_refused(name: str, question: str) -> None:
    assert _answer(name, question) == REFUSAL


@pytest.mark.parametrize("name", LECTURES)
def test_suggested_questions_are_answered(name: str) -> None:
    lecture, _ = _lecture(name)
    assert lecture["suggestedQuestions"]
    for question in lecture["suggestedQuestions"]:
        assert _cited_seconds(name, _answer(name, question)), question


@pytest.mark.parametrize("name", LECTURES)
def test_every_stamp_is_the_start_of_a_cue_and_every_quote_is_spoken(name: str) -> None:
    lecture, segments = _lecture(name)
    starts = {int(segment.start_seconds) for segment in segments}
    spoken = " ".join(segment.text for segment in segments)
    for question in [*lecture["suggestedQuestions"], *(asked for of, asked, *_ in COVERED if of == name), "summarise"]:
        answer = _answer(name, question)
        assert set(_cited_seconds(name, answer)) <= starts
        for quote in answer.replace("**", "").split("“")[1:]:
            assert quote.rpartition("”")[0] in spoken
