"""A note in the words of the transcript: the telling sentence nearest to a moment, cut to one short line."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from math import inf
from typing import Final

from services.llm.chat_model import Segment
from services.llm.ranking import Ranking
from services.llm.sentences import Sentence, split_sentences
from services.llm.writing.drafts import NOTE_LENGTH, Unusable, check_note, is_special
from services.llm.writing.summary import tellingness

_LONGEST: Final = NOTE_LENGTH.stop - 1
_FAR_SECONDS: Final = 20.0
"""At this distance from the moment a sentence counts half."""
_ASIDE_SECONDS: Final = 4.0
"""What is said next to the moment counts as so far away."""

_OPENING: Final = re.compile(
    r"^(?:(?:and|but|so|now|well|okay|ok|then|also|right|um|uh|er|again|in fact|of course|you know|as i said|i mean"
    r"|remember|actually|basically|finally|therefore|however|thus),? )+",
    re.IGNORECASE,
)
_CLAUSE: Final = re.compile(
    r"[,;:\u2013\u2014](?=\s)|\s[-\u2013\u2014]\s|(?<=\w)(?=\s(?:because|which|while|where|whereas)\s)"
)
_JOINED: Final = re.compile(r"[;:]|\W*(?:and|because|but|or|so|though|where|whereas|which|while)\b")
_DANGLING: Final = re.compile(
    r"(?:[\s,;:\u2013\u2014-]|\b(?:a|an|and|as|at|because|but|by|for|from|if|in|is|are|was|of|on|or|so|than|that|the|their|this"
    r"|to|when|which|while|who|with|its|it)\b)+$",
    re.IGNORECASE,
)


def find_note(segments: Sequence[Segment], nearest: int) -> str | None:
    """40 to 120 characters; None where too little is said. Burns CPU; call it in a thread."""
    sentences = split_sentences(segments)
    ranking = Ranking(sentences)
    moment = segments[nearest].start_seconds
    ends = [*(sentence.start_seconds for sentence in sentences[1:]), inf]
    worth = [
        tellingness(sentence.text, announces=ranking.announces(place))
        * _closeness(sentence.start_seconds, ends[place], moment)
        for place, sentence in enumerate(sentences)
    ]
    for place in sorted(range(len(sentences)), key=lambda place: -worth[place]):
        for line in _lines(sentences, place):
            with suppress(Unusable):
                return check_note(line)
    return None


def _closeness(start: float, end: float, moment: float) -> float:
    """1 for what is said at the moment, less for what is said before or after."""
    if start <= moment < end:
        return 1.0
    return 1 / (1 + ((_ASIDE_SECONDS + max(start - moment, moment - end)) / _FAR_SECONDS) ** 2)


def _lines(sentences: Sequence[Sentence], place: int) -> Iterator[str]:
    """The sentence, or its beginning up to a clause, or as many words as fit; or, where it is short, with the next."""
    text = _plain(sentences[place].text)
    yield _ended(text)
    cuts = [match.start() for match in _CLAUSE.finditer(text) if match.start() in NOTE_LENGTH]
    if len(text) > _LONGEST:
        # A clause that another is joined to is whole; what stands before any other comma may lack its end.
        for cut in sorted(cuts, key=lambda cut: (_JOINED.match(text, cut) is None, -cut)):
            yield _ended(text[:cut])
        yield _ended(text[: _LONGEST - 1].rpartition(" ")[0] or text[: _LONGEST - 1])
    elif place + 1 < len(sentences):
        both = f"{text} {_plain(sentences[place + 1].text)}"
        yield _ended(both if len(both) < _LONGEST else both[: _LONGEST - 1].rpartition(" ")[0])


def _plain(text: str) -> str:
    text = " ".join("".join(" " if is_special(character) else character for character in text).split())
    rest = _OPENING.sub("", text)
    return rest[:1].upper() + rest[1:]


def _ended(text: str) -> str:
    if text.endswith((".", "!", "?", '."', '?"', ".\u201d", "?\u201d")):
        return text
    return _DANGLING.sub("", text) + "."
