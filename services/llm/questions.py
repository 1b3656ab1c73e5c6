"""What a question asks for: its terms and their weights, the kind of answer it expects, what it carries over."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise
from typing import Final

from services.llm.chat_model import ChatTurn
from services.llm.words import STOP_WORDS, stem, tokenise

_GREETINGS: Final = frozenset(
    "afternoon bye cheers evening good goodbye great hello hey hi morning nice thank thanks".split()
)
_OVERVIEW_WORDS: Final = frozenset(
    """
    chapter clip content contents cover covered covers entire gist lecture lesson main outline overview point points
    summarise summarised summarize summarized summary takeaway takeaways talk tldr topic topics transcript video whole
    """.split()
)
_CONVERSATION_WORDS: Final = frozenset(
    """
    bye cheers describe described describes detail details discuss discussed discusses dr elaborate explain explained
    explains explanation goodbye happen happened happens hello help hey hi key mean means mention mentioned mentions
    part presenter question section speaker speaking talked talking talks tell thank thanks tl understand
    """.split()
)
_FRAME_WORDS: Final = _OVERVIEW_WORDS | _CONVERSATION_WORDS
"""Words about the video or the conversation more often than about the subject."""

_GENERAL_WORDS: Final = frozenset(
    """
    able actual add advantage advantages allow amazing annoying answer anyway apply avoid awful bad begin believe
    belong benefit benefits best better big bit bother bring buy called care carry catch cause caused causes certain
    certainly chance change check choose clear clearly clever close common complete completely consider contain
    continue cool correct count create crucial dangerous deal decide definitely depend depends difference
    differences different difficult easily easy effect effects end especially everyday exact exactly example
    examples expect expensive extra fact fail fair famous fancy fill find fine finish first follow force forget form
    full function funny good great guess guy hand handle hard heard hide history hit hold hope huge idea imagine
    important improve include increase interesting invent invented inventor involve job kinds lack large last lead
    learn leave list little live long look lose lot lots love low lower manage matter measure meet mind miss moment
    move nasty new nice normal notice number obvious occur odd old ones open order ordinary origin otherwise
    particular pass pay people perfect person pick place plain plan play poor possible power prefer prepare pretty
    prevent probably problem problems process produce promise prove provide purpose quick quickly reach ready
    real realise reason receive recognise relate remain remember remove repeat require rest result right role round
    run safe save send separate serious serve set share short show side sign silly simple simply single situation
    size slightly small solve somebody sorry sort sound special specific spend stand start state stay step steps
    stop story strange strangers stuff stupid suddenly suggest super suppose surprising tend think total totally
    touch tricky trouble true truly try turn type types typical unusual useful usual various wait wanted watch
    wonder wonderful work world worry worth write written wrong
    """.split()
)
"""Words that say what is asked of the subject, seldom what the subject is."""

_FRAME_WEIGHT: Final = 0.2
_GENERAL_WEIGHT: Final = 0.4
_TITLE_WEIGHT: Final = 0.5
_CARRIED_WEIGHT: Final = 0.4
_FEWEST_TERMS: Final = 2
_MOST_WORDS: Final = 60
_MOST_CHARACTERS: Final = 4_000
"""Anything longer is a pasted text, not a question; its beginning is read."""

_NO_SUBJECT: Final = re.compile(
    r"(?<=\s)works?[\s?.!]*$|\b(?:figure|find|work) out\b|\bcome up with\b|\b[0-9]+(?::[0-9]{2}){1,2}\b", re.IGNORECASE
)
"""Words with a subject of their own, but not here (`how does it work`, `to work out`), and stamps."""


_NAME: Final = re.compile(r"(?<=[^\W_A-Z][ ])[A-Z][^\W_]+|(?<=, )[A-Z][^\W_]+|\b[0-9]{3,}\b")
"""A capital letter behind a word that ends in a small one, so that neither a beginning nor a title in capitals counts."""

_ASKED: Final = re.compile(r"\b(?:which|what|how (?:many|much)) ([^\W_]+)")


class Sought(Enum):
    """The kind of sentence that answers the question best."""

    DEFINITION = auto()
    PERSON = auto()
    QUANTITY = auto()
    REASON = auto()
    TIME = auto()
    ANYTHING = auto()


_SOUGHT: Final = (
    (Sought.REASON, re.compile(r"\bwhy\b|\bhow come\b|\bwhat (?:causes?|makes?)\b|\breasons?\b")),
    (Sought.TIME, re.compile(r"\bwhen\b|\b(?:what|which) (?:year|date|century|decade)\b")),
    (Sought.PERSON, re.compile(r"\bwho\b")),
    (
        Sought.QUANTITY,
        re.compile(
            r"\bhow (?:many|much|far|fast|long|tall|high|big|large|deep|old|heavy|hot|cold|often|wide|strong)\b"
            r"|\bwhat (?:is |was |are )?(?:the )?(?:\w+ )?"
            r"(?:efficiency|number|percentage|size|speed|temperature|value)\b"
        ),
    ),
    (
        Sought.DEFINITION,
        re.compile(
            r"\bwhat(?:'?s| is| are| was| were)\b|\bwhat do(?:es)? .{1,80}?\b(?:mean|stand for)\b"
            r"|\bdefin|\bmeaning of\b"
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question as the ranking needs it.

    `terms` are stems with their weights; `fresh` are those of the newest message that carry its subject; `phrases`
    are pairs of terms that stood side by side, stop words apart. Without any term it is about the video as a whole.
    """

    terms: Mapping[str, float]
    fresh: frozenset[str] = frozenset()
    phrases: Sequence[tuple[str, str]] = ()
    sought: Sought = Sought.ANYTHING
    asked: str | None = None
    """The term that says what the answer is (`which rule`, `how many rules`), so that it stands where the answer does."""
    names: frozenset[str] = frozenset()
    """The terms of the newest message that are written as names are, and its longer numbers."""
    length: int = 0
    """Its words, with those of the question that it carries over."""


def read_question(turns: Sequence[ChatTurn], title: str) -> Question:
    """Read the last question; with fewer than two terms of its own it takes over those of the questions before it."""
    *earlier, asked = [turn.content for turn in turns if turn.role == "user"] or [""]
    words = _content_words(asked)
    subject = [word for word in words if word not in _FRAME_WORDS]
    if _is_about_whole(words, subject, is_first=not earlier):
        return Question(terms={})
    title_stems = frozenset(stem(word) for word in tokenise(title))
    fresh = frozenset(stem(word) for word in subject if word not in _GENERAL_WORDS)
    terms = {stem(word): _weight(word, title_stems) for word in words}
    carried = _earlier_subject(earlier) if len(fresh) < _FEWEST_TERMS else []
    if not subject and not carried:
        return Question(terms={})
    for word in carried:
        terms.setdefault(stem(word), _CARRIED_WEIGHT * _weight(word, title_stems))
    phrases = [pair for pair in pairwise(stem(word) for word in words) if pair[0] != pair[1]]
    return Question(
        terms=terms,
        fresh=fresh,
        phrases=phrases,
        sought=_sought(asked),
        asked=_asked(asked, fresh),
        names=_names(asked) & fresh,
        length=len(_words(asked)) + (len(_words(earlier[-1])) if carried else 0),
    )


def _content_words(text: str) -> list[str]:
    words = tokenise(_NO_SUBJECT.sub(" ", text[:_MOST_CHARACTERS]))
    return [word for word in words if word not in STOP_WORDS][:_MOST_WORDS]


def _words(text: str) -> list[str]:
    return tokenise(text[:_MOST_CHARACTERS])[:_MOST_WORDS]


def _names(text: str) -> frozenset[str]:
    found = _NAME.findall(text[:_MOST_CHARACTERS])
    return frozenset(stem(word) for name in found for word in tokenise(name))


def _is_about_whole(words: Sequence[str], subject: Sequence[str], *, is_first: bool) -> bool:
    if words and all(word in _GREETINGS for word in words):
        return True
    return not subject and (is_first or any(word in _OVERVIEW_WORDS for word in words))


def _weight(word: str, title_stems: frozenset[str]) -> float:
    if word in _FRAME_WORDS:
        return _FRAME_WEIGHT
    if word in _GENERAL_WORDS:
        return _GENERAL_WEIGHT
    return _TITLE_WEIGHT if stem(word) in title_stems else 1.0


def _earlier_subject(earlier: Sequence[str]) -> list[str]:
    subject: list[str] = []
    for asked in reversed(earlier):
        subject += [word for word in _content_words(asked) if word not in _FRAME_WORDS]
        if len(subject) >= _FEWEST_TERMS:
            break
    return subject


def _asked(text: str, fresh: frozenset[str]) -> str | None:
    found = _ASKED.search(text[:_MOST_CHARACTERS].casefold())
    term = stem(found[1]) if found else None
    return term if term in fresh else None


def _sought(asked: str) -> Sought:
    plain = asked[:_MOST_CHARACTERS].casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return next((sought for sought, pattern in _SOUGHT if pattern.search(plain)), Sought.ANYTHING)
