"""Which parts of a long transcript to give a model that cannot read all of it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from math import log

from db.queries.search import Stretch
from db.queries.videos import SegmentRow
from db.search_words import split_words
from services.llm.chat_model import Segment
from services.llm.words import STOP_WORDS, stem, tokenise
from services.videos.transcripts import segments_of

STAMP_CHARACTERS = 9
"""What a segment costs beside its text: `h:mm:ss`, a space and the end of the line."""
OLDER_TEXTS_WEIGH = 0.5
"""Of what the text after it weighs."""
SATURATION = 1.2
LENGTH_MATTERS = 0.75


def best_segments(
    stretches: Sequence[Stretch], rows: Sequence[SegmentRow], texts: Sequence[str], characters: int
) -> list[Segment]:
    """What a video says about the texts, of which the last counts most: whole stretches of its transcript, each with its
    neighbours while there is room, in order of time, of so many characters at most. Its opening when nothing fits.

    `stretches` and `rows` are the whole transcript. Burns CPU: to be called in a thread, and without a database session.
    """
    wanted = _wanted(texts)
    ranked = _ranked(stretches, wanted) if wanted else []
    if not ranked:
        return segments_of(rows[: _fitting(rows, characters)])
    positions = _chosen(stretches, ranked, characters)
    return segments_of(row for row in rows if row.position in positions)


def _wanted(texts: Sequence[str]) -> Mapping[str, float]:
    """The stems of the words that say something, and what each weighs."""
    wanted: dict[str, float] = {}
    for age, text in enumerate(reversed(texts)):
        for word in _words(text):
            wanted.setdefault(stem(word), OLDER_TEXTS_WEIGH**age)
    return wanted


def _words(text: str) -> Iterator[str]:
    """Without those that say nothing, also with an ending: what's, they'll."""
    for piece in text.split():
        tokens = tokenise(piece)
        if not tokens or any(token not in STOP_WORDS for token in tokens):
            yield from (word for word in split_words(piece) if word not in STOP_WORDS)


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
