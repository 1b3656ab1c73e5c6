"""Texts that are no longer what they were: cut, with signs put in, or grown beyond the limits."""

import random
import re
from collections.abc import Callable

SIGNS = [
    *'{}()[]"$@!:&|=#,',
    "\0",
    "\ud800",
    "\ufeff",
    "\u2028",
    "\x1b",
    "...",
    '"""',
    "@skip(if: $unknown)",
    "@include(if: true)",
    "fragment F on Video { ...F }",
    "...F",
    "__typename",
    "9" * 400,
    "\\u{110000}",
    "null",
]


def cut(text: str, rng: random.Random) -> str:
    return text[: rng.randrange(len(text))]


def put_in(text: str, rng: random.Random) -> str:
    place = rng.randrange(len(text))
    return f"{text[:place]}{rng.choice(SIGNS)}{text[place:]}"


def take_out(text: str, rng: random.Random) -> str:
    place = rng.randrange(len(text))
    return text[:place] + text[place + rng.randint(1, 5) :]


def swap_words(text: str, rng: random.Random) -> str:
    """One name becomes another one of the text: a field of another type, a type for a field."""
    words = re.findall(r"[A-Za-z]\w*", text)
    return text.replace(rng.choice(words), rng.choice(words), 1)


def say_twice(text: str, rng: random.Random) -> str:
    """Two operations, of the same name or of none."""
    del rng
    return f"{text}\n{text}"


def alias(text: str, rng: random.Random) -> str:
    """The root field many times over: too often, for most of the numbers."""
    del text
    times = rng.choice([5, 31, 200])
    return "{" + " ".join(f'a{number}: video(by: {{youtube: "sample-tide"}}) {{ id }}' for number in range(times)) + "}"


def nest(text: str, rng: random.Random) -> str:
    """From a video to its notes and back, deeper than anybody needs."""
    del text
    depth = rng.choice([2, 4, 30, 300])
    within = "notes(first: 50) { nodes { video { " * depth + "id" + " } } }" * depth
    return f'{{ video(by: {{youtube: "sample-tide"}}) {{ {within} }} }}'


WAYS: list[Callable[[str, random.Random], str]] = [cut, put_in, put_in, take_out, take_out, swap_words, say_twice]
GROWN: list[Callable[[str, random.Random], str]] = [alias, nest]


def broken(text: str, rng: random.Random) -> str:
    way = rng.choice(GROWN) if rng.random() < 0.1 else rng.choice(WAYS)
    return way(text, rng)
