"""Which stretches of a transcript to quote for a question or for the whole video; the wording is not done here."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from services.llm.evidence import Evidence, weigh
from services.llm.questions import Question, Sought
from services.llm.ranking import Match, Ranking
from services.llm.sentences import Sentence

_MERGED_WITHIN_SECONDS: Final = 15
"""Two points nearer than this are one, cited where the better begins."""

_MOST_PASSAGES: Final = 3
_MOST_SENTENCES: Final = 3
_CANDIDATES: Final = 80
_FEWEST_COVERED_ALONE: Final = 0.15
_FEWEST_WORDS: Final = 6
_FEWEST_FRESH_TERMS: Final = 2
_WORTH_ADDING: Final = 0.35
_WORTH_TELLING: Final = 0.6
"""Of the best match, what has not been told must reach: better the same again than something beside the point."""

_OPENING_SENTENCES: Final = 5
_FEWEST_OPENING_WORDS: Final = 8

_LEANS_ON_PREVIOUS: Final = re.compile(
    r"(?:also|and|another|because|both|but|even|he|her|his|instead|it|its|one|or|she|so|such|that|the other|their"
    r"|them|then|therefore|these|they|this|those|thus|yet)\b",
    re.IGNORECASE,
)
_COURTESY: Final = re.compile(r"\b(?:good (?:evening|morning|afternoon)|hello|hi|thank|welcome)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Neighbouring sentences. `main` is the position of the one that answers, by whose start they are cited."""

    first: int
    last: int
    main: int


Judge = Callable[[Evidence], bool]
"""Says whether the evidence suffices for an answer."""


def find_passages(
    question: Question,
    ranking: Ranking,
    *,
    told_seconds: Collection[float] = (),
    judge: Judge = attrgetter("suffices"),
) -> list[Passage]:
    """One to three passages, the best first; none when the transcript does not cover the question.

    One place must mention two of its own terms where it has two, and the evidence must suffice. What begins around
    `told_seconds` has been quoted before and is left out if there is more to the point.
    """
    needed = min(_FEWEST_FRESH_TERMS, len(question.fresh))
    matches = ranking.matches(question)
    found = [
        match
        for match in matches
        if match.terms >= min(needed, 1)
        and (match.own_coverage >= _FEWEST_COVERED_ALONE or _goes_on(match.position, ranking))
    ]
    if all(match.terms < needed for match in found) or not judge(weigh(question, ranking, matches)):
        return []
    untold = [match for match in found if not _is_told(ranking.sentences[match.position], told_seconds)]
    if not untold or untold[0].score < found[0].score * _WORTH_TELLING:
        untold = found
    return _gather(untold, question.sought, ranking)


def find_overview(ranking: Ranking) -> list[Passage]:
    """The opening, then from each third of the rest the sentence that says most of what the video dwells on."""
    sentences = ranking.sentences
    if not sentences:
        return []
    opening = _opening(sentences)
    centrality = ranking.centrality()
    chosen = [opening]
    rest = range(opening + 1, len(sentences))
    third = max(1, -(-len(rest) // _MOST_PASSAGES))
    for start in range(rest.start, rest.stop, third):
        after = sentences[chosen[-1]].start_seconds + _MERGED_WITHIN_SECONDS
        stands_alone = [
            position
            for position in rest[start - rest.start : start - rest.start + third]
            if sentences[position].start_seconds > after and not _leans(position, sentences)
        ]
        if stands_alone:
            chosen.append(max(stands_alone, key=centrality.__getitem__))
    return [Passage(first=position, last=position, main=position) for position in chosen]


def _is_told(sentence: Sentence, told_seconds: Collection[float]) -> bool:
    return any(abs(int(sentence.start_seconds) - told) <= _MERGED_WITHIN_SECONDS for told in told_seconds)


def _gather(matches: Sequence[Match], sought: Sought, ranking: Ranking) -> list[Passage]:
    sentences = ranking.sentences
    passages: list[Passage] = []
    answering = {match.position for match in matches if match.own_coverage >= _FEWEST_COVERED_ALONE} | {
        position
        for position in range(len(sentences))
        if sought is not Sought.DEFINITION and ranking.shows(position, sought)
    }
    for match in matches[:_CANDIDATES]:
        if match.score < matches[0].score * _WORTH_ADDING:
            break
        passage = _around(match.position, ranking, answering)
        near = next((index for index, other in enumerate(passages) if _are_one(passage, other, sentences)), None)
        if near is not None:
            passages[near] = _merged(passages[near], passage)
        elif len(passages) < _MOST_PASSAGES:
            passages.append(passage)
    return passages


def _around(position: int, ranking: Ranking, answering: Collection[int]) -> Passage:
    """The sentence; the one before if it goes on from that; the one after if that goes on about the same."""
    sentences = ranking.sentences
    first = last = main = position
    if _goes_on(position, ranking) and _follows(position, sentences):
        first = position - 1
    if ranking.announces(position) and _follows(position + 1, sentences):
        main = last = position + 1
    while last - first + 1 < _MOST_SENTENCES and _follows(last + 1, sentences) and not ranking.announces(last + 1):
        goes_on = last + 1 in answering or _leans(last + 1, sentences)
        if not goes_on and len(sentences[main].text.split()) >= _FEWEST_WORDS:
            break
        last += 1
    return Passage(first=first, last=last, main=main)


def _goes_on(position: int, ranking: Ranking) -> bool:
    """Whether it may well be about what the sentence before names, without naming it."""
    return position > 0 and (_leans(position, ranking.sentences) or ranking.announces(position - 1))


def _leans(position: int, sentences: Sequence[Sentence]) -> bool:
    return _LEANS_ON_PREVIOUS.match(sentences[position].text) is not None


def _follows(position: int, sentences: Sequence[Sentence]) -> bool:
    """Whether there is such a sentence, and the one before it begins at most the merging time earlier."""
    return 0 < position < len(sentences) and _gap(position - 1, position, sentences) <= _MERGED_WITHIN_SECONDS


def _gap(earlier: int, later: int, sentences: Sequence[Sentence]) -> float:
    return sentences[later].start_seconds - sentences[earlier].start_seconds


def _are_one(passage: Passage, other: Passage, sentences: Sequence[Sentence]) -> bool:
    apart = abs(sentences[passage.main].start_seconds - sentences[other.main].start_seconds)
    return apart <= _MERGED_WITHIN_SECONDS or (passage.first <= other.last and other.first <= passage.last)


def _merged(better: Passage, passage: Passage) -> Passage:
    """The better one, heard out to the end of the other while that stays short enough to read."""
    last = max(better.last, passage.last)
    if last - better.first >= _MOST_SENTENCES:
        return better
    return Passage(first=better.first, last=last, main=better.main)


def _opening(sentences: Sequence[Sentence]) -> int:
    """The first sentence that is neither a greeting nor a fragment."""
    for position, sentence in enumerate(sentences[:_OPENING_SENTENCES]):
        if len(sentence.text.split()) >= _FEWEST_OPENING_WORDS and not _COURTESY.search(sentence.text):
            return position
    return 0
