"""The model that needs no key and no network: it answers in the words of the transcript, and says where they stand."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from operator import attrgetter
from typing import Final

from services.llm.chat_model import ChatRequest
from services.llm.citations import parse_citations
from services.llm.passages import Judge, Passage, find_overview, find_passages
from services.llm.prompts import REFUSAL
from services.llm.questions import read_question
from services.llm.ranking import Ranking
from services.llm.sentences import Sentence, split_sentences
from services.videos.timestamps import format_timestamp

_PIECE: Final = re.compile(r"\S+\s*")
_LONGEST_QUOTED_SENTENCE: Final = 400
_MORE: Final = "The video also says:"
_OVERVIEW: Final = "Points along the way:"


class ExtractiveModel:
    """A `ChatModel` that quotes the best passages; the same request always gets the same answer.

    `pace_seconds` is the pause after each word, so that a person sees the answer arrive; 0 streams at full speed.
    """

    def __init__(self, *, pace_seconds: float = 0.015) -> None:
        self._pace_seconds = pace_seconds

    @property
    def name(self) -> str:
        """The name stored with each reply."""
        return "extractive"

    @property
    def transcript_characters(self) -> int | None:
        """It reads the whole transcript."""
        return None

    async def reply(self, request: ChatRequest) -> AsyncGenerator[str, None]:
        """Yield the answer word by word; ranking runs in a thread, since an hour of speech takes a while to index."""
        answer = await asyncio.to_thread(compose_answer, request)
        for piece in _PIECE.findall(answer):
            yield piece
            await asyncio.sleep(self._pace_seconds)


def compose_answer(request: ChatRequest, *, judge: Judge = attrgetter("suffices")) -> str:
    """The whole answer in Markdown: quotes, each with its stamp, or `REFUSAL`. Burns CPU; call it in a thread."""
    ranking = Ranking(split_sentences(request.segments))
    question = read_question(request.turns, request.title)
    if not question.terms:
        return _worded(find_overview(ranking), ranking.sentences, introducing_rest=_OVERVIEW)
    told = [] if question.fresh else _cited_so_far(request)
    passages = find_passages(question, ranking, told_seconds=told, judge=judge)
    return _worded(passages, ranking.sentences, introducing_rest=_MORE)


def _cited_so_far(request: ChatRequest) -> list[float]:
    return [
        stamp.seconds for turn in request.turns if turn.role == "assistant" for stamp in parse_citations(turn.content)
    ]


def _worded(passages: Sequence[Passage], sentences: Sequence[Sentence], *, introducing_rest: str) -> str:
    if not passages:
        return REFUSAL
    best, *rest = passages
    answer = _quoted(best, sentences, bold=best.main)
    if rest:
        in_order = sorted(rest, key=lambda passage: passage.first)
        lines = "\n".join(f"- {_quoted(passage, sentences)}" for passage in in_order)
        answer += f"\n\n{introducing_rest}\n\n{lines}"
    return answer


def _quoted(passage: Passage, sentences: Sequence[Sentence], *, bold: int | None = None) -> str:
    texts = [
        f"**{_clipped(sentences[position].text)}**" if position == bold else _clipped(sentences[position].text)
        for position in range(passage.first, passage.last + 1)
    ]
    stamp = format_timestamp(sentences[passage.main].start_seconds)
    return f"\N{LEFT DOUBLE QUOTATION MARK}{' '.join(texts)}\N{RIGHT DOUBLE QUOTATION MARK} [{stamp}]"


def _clipped(text: str) -> str:
    if len(text) <= _LONGEST_QUOTED_SENTENCE:
        return text
    return text[:_LONGEST_QUOTED_SENTENCE].rsplit(maxsplit=1)[0] + "\N{HORIZONTAL ELLIPSIS}"
