"""Which parts of a long transcript to give a model that cannot read all of it."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import takewhile
from math import log

from db.queries import search as queries
from db.queries import videos as video_queries
from db.queries.search import Stretch
from db.queries.videos import SegmentRow
from db.search_words import split_words
from db.sessions import Reader
from services.llm.chat_model import Segment
from services.llm.words import STOP_WORDS, stem

STAMP_CHARACTERS = 9
"""What a segment costs beside its text: `h:mm:ss`, a space and the end of the line."""
OLDER_TEXTS_WEIGH = 0.5
"""Of what the text after it weighs."""
SATURATION = 1.2
LENGTH_MATTERS = 0.75


async def best_segments(reader: Reader, video_id: int, texts: Sequence[str], characters: int) -> list[Segment]:
    """What the video says about the texts, of which the last counts most: whole stretches of its transcript, each with its
    neighbours while there is room, in order of time, of so many characters at most. Its opening when nothing fits.
    """
    wanted = _wanted(texts)
    stretches = await reader.rows(Stretch, queries.stretches(video_id)) if wanted else []
    # A transcript may have two million characters, which would hold up everybody else.
    ranked = await asyncio.to_thread(partial(_ranked, stretches, wanted))
    if not ranked:
        opening = await reader.rows(SegmentRow, queries.opening(video_id, characters // STAMP_CHARACTERS))
        return _segments(opening[: _fitting(opening, characters)])
    positions = _chosen(stretches, ranked, characters)
    chosen = await reader.rows(SegmentRow, video_queries.segments(video_id))
    return _segments(row for row in chosen if row.position in positions)


def _wanted(texts: Sequence[str]) -> Mapping[str, float]:
    """The stems of the words that say something, and what each weighs."""
    wanted: dict[str, float] = {}
    for age, text in enumerate(reversed(texts)):
        for word in split_words(text):
            if word not in STOP_WORDS:
                wanted.setdefault(stem(word), OLDER_TEXTS_WEIGH**age)
    return wanted


def _ranked(stretches: Sequence[Stretch], wanted: Mapping[str, float]) -> list[int]:
    """The places of the stretches with a wanted word, the best first: BM25 with the words' weights.

    It is counted here since both databases weigh words in their own way, and neither knows stems.
    """
    counts = [Counter(stem(word) for word in split_words(stretch.text)) for stretch in stretches]
    lengths = [count.total() for count in counts]
    usual = sum(lengths) / max(1, len(lengths)) or 1
    rarity = {
        word: weight * log(1 + (len(counts) - holding + 0.5) / (holding + 0.5))
        for word, weight in wanted.items()
        if (holding := sum(word in count for count in counts))
    }
    scores: dict[int, float] = {}
    for place, count in enumerate(counts):
        damped = SATURATION * (1 - LENGTH_MATTERS + LENGTH_MATTERS * lengths[place] / usual)
        score = sum(rare * (1 + SATURATION) * count[word] / (count[word] + damped) for word, rare in rarity.items())
        if score > 0:
            scores[place] = score
    return sorted(scores, key=lambda place: (-scores[place], place))


def _chosen(stretches: Sequence[Stretch], ranked: Sequence[int], characters: int) -> set[int]:
    """The positions of the segments: of the best stretch and its neighbours, then of the next best, until it is full."""
    chosen: set[int] = set()
    room = characters
    for best in ranked:
        for place in (best, best + 1, best - 1):
            if not 0 <= place < len(stretches):
                continue
            stretch = stretches[place]
            positions = range(stretch.first_position, stretch.last_position + 1)
            cost = len(stretch.text) + len(positions) * STAMP_CHARACTERS
            if positions.start in chosen or cost > room:
                continue
            chosen.update(positions)
            room -= cost
    return chosen


def _fitting(rows: Sequence[SegmentRow], characters: int) -> int:
    """How many of the first segments there is room for."""
    used = 0

    def fits(row: SegmentRow) -> bool:
        nonlocal used
        used += len(row.text) + STAMP_CHARACTERS
        return used <= characters

    return sum(1 for _ in takewhile(fits, rows))


def _segments(rows: Iterable[SegmentRow]) -> list[Segment]:
    return [
        Segment(start_seconds=row.start_seconds, duration_seconds=row.duration_seconds, text=row.text) for row in rows
    ]
