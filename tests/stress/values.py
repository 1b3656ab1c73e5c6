"""Values in place of those that Hypothesis made up: some that mean something to the server, and some that nobody should send."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

UNSTORABLE = ["\0", "tide\0", "\ud800", "tide \udfff", "\udc00\ud800"]
ODD_TEXTS = [
    *UNSTORABLE,
    "",
    " ",
    "\u2028",
    "\ufeff",
    "\u202etide",
    "🌊" * 2_001,
    "x" * 10_001,
    "%_\\",
    "'; --",
    "1e400",
]
ODD_NUMBERS = [0, -1, 51, 501, 2**31 - 1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63, 10**30]
ODD_JSON: list[object] = [
    None,
    True,
    [],
    {},
    [[]],
    {"id": None},
    {"__proto__": {}},
    1.5,
    -0.0,
    1e308,
    2**63,
    "",
    "\0",
    "\ud800",
    [[[[[[[[[["deep"]]]]]]]]]],
]

WORDS = ["tide", "Why are there two high tides a day?", "moon", "orbital period", "What is the tidal range of Fundy?"]
VIDEOS = [
    "sample-tide",
    "https://youtu.be/dQw4w9WgXcQ",
    "stress-0001",
    "stress-0002",
    "https://youtube.com/playlist?list=x",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a caller may know of the server: real ids, cursors and tokens."""

    own_ids: Mapping[str, Sequence[str]]
    """By the name of the type; may lack any."""
    all_ids: Sequence[str]
    """Of everybody."""
    cursors: Sequence[str]
    refresh_tokens: list[str]
    """Unused ones; who takes one takes it away."""
    emails: Sequence[str]
    password: str


class Absent:
    """The value is left out, or null where it cannot be."""


ABSENT = Absent()

Maker = Callable[[Known, str, random.Random], object]

TYPE_OF_ID = {
    "VideoRef.id": "Video",
    "conversation.id": "Conversation",
    "MessageSendInput.conversationId": "Conversation",
    "ReplyStopInput.messageId": "Message",
    "wizReply.messageId": "Message",
    "videoReadiness.videoId": "Video",
    "noteUpdated.videoId": "Video",
    "NoteUpdateInput.id": "Note",
    "NoteDeleteInput.id": "Note",
}
"""What is meant by an id, where not anything; by argument or input field."""


def meaningful(known: Known, place: str, rng: random.Random) -> object:
    """For an argument or input field, as in `conversation.id`; None where its generated value may as well stay."""
    make = MAKERS.get(place.rpartition(".")[2])
    return None if make is None else make(known, place, rng)


def _id(known: Known, place: str, rng: random.Random) -> str:
    """Mostly of the type that is meant and one's own."""
    fitting = known.own_ids.get(TYPE_OF_ID.get(place) or rng.choice(list(known.own_ids)), ())
    return rng.choice(fitting) if fitting and rng.random() < 0.8 else rng.choice(known.all_ids)


def _email(known: Known, place: str, rng: random.Random) -> str:
    del place
    return rng.choice(known.emails) if rng.random() < 0.3 else f"{rng.getrandbits(48):012x}@example.com"


def _password(known: Known, place: str, rng: random.Random) -> str:
    del place
    return known.password if rng.random() < 0.8 else "wrong horse"


def _refresh_token(known: Known, place: str, rng: random.Random) -> str:
    del place
    # One that stays is used a second time by somebody else, which ends the session.
    if known.refresh_tokens and rng.random() < 0.7:
        return known.refresh_tokens.pop()
    return rng.choice([*known.refresh_tokens[:1], "spent"])


def _one_of(*choices: object) -> Maker:
    def choose(known: Known, place: str, rng: random.Random) -> object:
        del known, place
        return rng.choice(choices)

    return choose


def _after(known: Known, place: str, rng: random.Random) -> object:
    del place
    return rng.choice(known.cursors) if rng.random() < 0.5 else ABSENT


def _first(known: Known, place: str, rng: random.Random) -> int:
    del known, place
    return rng.choice([1, 2, 3, 5, 10, 50])


MAKERS: dict[str, Maker] = {
    "id": _id,
    "ids": _id,
    "conversationId": _id,
    "messageId": _id,
    "videoId": _id,
    "youtube": _one_of(*VIDEOS),
    "email": _email,
    "password": _password,
    "refreshToken": _refresh_token,
    "name": _one_of("Ada", "Grace", "Émilie"),
    "text": _one_of(*WORDS),
    "title": _one_of(*WORDS),
    "query": _one_of(*WORDS),
    "timestamp": _one_of("1:05", "0:00", "01:02:03", "99:59:59"),
    "timeoutSeconds": _one_of(1, 2),
    "first": _first,
    "after": _after,
}
