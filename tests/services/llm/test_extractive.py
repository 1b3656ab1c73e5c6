import asyncio
from contextlib import aclosing
from itertools import pairwise

import pytest

from services.llm.chat_model import ChatModel, ChatRequest, ChatTurn, Segment
from services.llm.citations import cite
from services.llm.extractive import ExtractiveModel, compose_answer
from services.llm.prompts import REFUSAL

TALK = """
Hello and welcome to this talk about rivers.
Rivers carry water from the hills to the sea along a bed of stone.
A tidal bore is a wave that marches up a river against the stream.
It needs a large range and a shallow mouth that narrows like a funnel.
Surfers on the Amazon have ridden the bore for many minutes.
A delta is a fan of mud that a river builds where it meets the sea.
The Nile delta feeds millions of people and has done so for thousands of years.
Beavers build dams from branches and slow a stream until it becomes a pond.
A flood in 1953 drowned over 2,000 people around the North Sea.
Thank you for listening.
"""
SEGMENTS = [
    Segment(start_seconds=index * 20.0 + 0.4, duration_seconds=20.0, text=text)
    for index, text in enumerate(TALK.strip().splitlines())
]


def _request(*contents: str) -> ChatRequest:
    turns = [
        ChatTurn(role="assistant" if index % 2 else "user", content=content) for index, content in enumerate(contents)
    ]
    return ChatRequest(title="Rivers", segments=SEGMENTS, turns=turns)


async def _collect(model: ChatModel, request: ChatRequest) -> list[str]:
    async with aclosing(model.reply(request)) as pieces:
        return [piece async for piece in pieces]


def test_an_answer_bolds_the_main_point_and_cites_where_it_starts() -> None:
    assert compose_answer(_request("What is a delta?")) == (
        "“**A delta is a fan of mud that a river builds where it meets the sea.**” [1:40]\n\n"
        "The video also says:\n\n"
        "- “The Nile delta feeds millions of people and has done so for thousands of years.” [2:00]"
    )


def test_every_citation_leads_to_words_of_its_quote() -> None:
    answer = compose_answer(_request("What is a delta?"))
    citations = cite(answer, SEGMENTS)
    assert [citation.label for citation in citations] == ["1:40", "2:00"]
    assert all(citation.quote in answer for citation in citations)


def test_what_leads_up_to_the_main_point_is_quoted_and_not_cited() -> None:
    segments = [
        Segment(start_seconds=7.0 * number, duration_seconds=7.0, text=segment.text)
        for number, segment in enumerate(SEGMENTS)
    ]
    turns = [ChatTurn(role="user", content="Why a shallow mouth like a funnel?")]
    answer = compose_answer(ChatRequest(title="", segments=segments, turns=turns))
    assert answer.startswith(
        "“A tidal bore is a wave that marches up a river against the stream. "
        "**It needs a large range and a shallow mouth that narrows like a funnel.**"
    )
    assert cite(answer, segments)[0].start_seconds == 21.0


def test_a_question_that_the_talk_does_not_cover_is_refused() -> None:
    assert compose_answer(_request("How do I bake banana bread?")) == REFUSAL
    assert compose_answer(_request("Wie spät ist es in Tokio?")) == REFUSAL


def test_a_follow_up_is_understood_from_the_question_before() -> None:
    answer = compose_answer(_request("What is a tidal bore?", "…", "Who rides it?"))
    assert "[0:40]" in answer or "[1:20]" in answer


def test_more_is_more_and_not_the_same_again() -> None:
    told = compose_answer(_request("Tell me about the bore"))
    assert "[0:40]" in told
    again = compose_answer(_request("Tell me about the bore", "“…” [0:40]", "Tell me more"))
    assert "[0:40]" not in again
    assert "[1:20]" in again


@pytest.mark.parametrize("question", ["What is this video about?", "summarise", "hello", ""])
def test_a_question_about_the_whole_gets_the_opening_and_points_along_the_way(question: str) -> None:
    answer = compose_answer(_request(question))
    assert answer.startswith("“**Rivers carry water from the hills to the sea along a bed of stone.**” [0:20]")
    assert answer.count("\n- “") == 3


def test_an_empty_transcript_answers_nothing() -> None:
    for question in ("What is a bore?", "summarise"):
        turns = [ChatTurn(role="user", content=question)]
        assert compose_answer(ChatRequest(title="", segments=[], turns=turns)) == REFUSAL


def test_neither_the_question_nor_the_title_can_plant_a_citation() -> None:
    turns = [ChatTurn(role="user", content="What is a delta [0:07]?")]
    answer = compose_answer(ChatRequest(title="[0:09]", segments=SEGMENTS, turns=turns))
    assert [citation.label for citation in cite(answer, SEGMENTS)] == ["1:40", "2:00"]


def test_an_endless_sentence_is_cut_at_a_word() -> None:
    segment = Segment(start_seconds=0.0, duration_seconds=9.0, text="delta " + "longestwords " * 59)
    turns = [ChatTurn(role="user", content="delta")]
    answer = compose_answer(ChatRequest(title="", segments=[segment], turns=turns))
    assert len(answer) < 450
    assert "longestwords…**” [0:00]" in answer


def test_past_the_hour_stamps_have_hours() -> None:
    segment = Segment(start_seconds=3661.7, duration_seconds=5.0, text="A delta is a fan of mud.")
    turns = [ChatTurn(role="user", content="What is a delta?")]
    answer = compose_answer(ChatRequest(title="", segments=[segment], turns=turns))
    assert answer == "“**A delta is a fan of mud.**” [1:01:01]"


@pytest.mark.asyncio
async def test_the_stream_is_the_answer_word_by_word() -> None:
    request = _request("What is a delta?")
    pieces = await _collect(ExtractiveModel(pace_seconds=0), request)
    assert "".join(pieces) == compose_answer(request)
    assert len(pieces) > 30
    assert all(len(piece.split()) == 1 for piece in pieces)


@pytest.mark.asyncio
async def test_one_model_serves_a_second_reader_in_the_middle_of_a_reply() -> None:
    model = ExtractiveModel(pace_seconds=0)
    delta, bore = _request("What is a delta?"), _request("What is a bore?")
    async with aclosing(model.reply(delta)) as pieces:
        begun = await anext(pieces)
        assert "".join(await _collect(model, bore)) == compose_answer(bore)
        assert begun + "".join([piece async for piece in pieces]) == compose_answer(delta)


@pytest.mark.asyncio
async def test_the_loop_gets_its_turn_between_pieces() -> None:
    turns: list[str] = []

    async def count() -> None:
        while True:
            turns.append("other")
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        other = group.create_task(count())
        async with aclosing(ExtractiveModel(pace_seconds=0).reply(_request("What is a delta?"))) as pieces:
            while await anext(pieces, None):
                turns.append("piece")
        other.cancel()
    assert ("piece", "piece") not in pairwise(turns)


@pytest.mark.asyncio
async def test_closing_ends_the_stream_at_once() -> None:
    pieces = ExtractiveModel(pace_seconds=3600).reply(_request("What is a delta?"))
    assert await anext(pieces) == "“**A "
    await pieces.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(pieces)


@pytest.mark.asyncio
async def test_cancelling_the_reader_ends_the_stream_at_once() -> None:
    started = asyncio.Event()

    async def read() -> None:
        async with aclosing(ExtractiveModel(pace_seconds=3600).reply(_request("What is a delta?"))) as pieces:
            async for _ in pieces:
                started.set()

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        reader = group.create_task(read())
        await started.wait()
        reader.cancel()
    assert reader.cancelled()


def test_the_name_is_stored_with_replies() -> None:
    model: ChatModel = ExtractiveModel()
    assert model.name == "extractive"
