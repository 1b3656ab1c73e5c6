"""Notes as Markdown (CommonMark), for people and their note books.

A note's text is a quotation: whatever is in it, and whatever it leaves open, ends there. Its own Markdown counts, so that a list
stays a list; only headings, which would look like ours, and HTML, which ends where it likes, are shown as they are written.
"""

import re
from typing import ClassVar

from services.notes.exported import Exported

LINE_ENDS = re.compile(r"\r\n|\n|\r")
# Behind the marks of lists and quotations a line may begin anew.
HEADING = re.compile(r"^((?:[ \t]|>|[-+*](?=[ \t])|[0-9]{1,9}[.)](?=[ \t]))*)(#{1,6}(?=[ \t]|$))")
UNDERLINE = re.compile(r"^([ \t>]*)(=+|-+)(?=[ \t]*$)")
MARKUP = re.compile(r"(?<!\\)(\\*)<(?=[A-Za-z/!?])")
MEANINGFUL = re.compile(r"([\\`*_\[\]<&#~])")
"""Within a line; lines of ours begin in a way of ours."""


class Markdown:
    extension: ClassVar[str] = "md"
    content_type: ClassVar[str] = "text/markdown; charset=utf-8"

    def __init__(self) -> None:
        self._video_id: int | None = None

    def head(self) -> str:
        return "# Notes\n"

    def entry(self, exported: Exported) -> str:
        heading = "" if exported.video.id == self._video_id else f"\n## {_link(exported.title, exported.video_url)}\n"
        self._video_id = exported.video.id
        mark = " (*written by the assistant*)" if exported.note.generated_by_ai else ""
        text = "" if not exported.note.text else f"\n{quoted(exported.note.text)}"
        return f"{heading}\n**{_link(exported.note.timestamp, exported.jump_url)}**{mark}\n{text}"

    def tail(self) -> str:
        return "" if self._video_id is not None else "\nThere are none yet.\n"


def quoted(text: str) -> str:
    return "".join(f"> {_tamed(line)}".rstrip(" ") + "\n" for line in LINE_ENDS.split(text))


def plain(text: str) -> str:
    """On one line, and as it is written: nothing in it means anything to Markdown."""
    return MEANINGFUL.sub(r"\\\1", " ".join(text.split()))


def _tamed(line: str) -> str:
    line = UNDERLINE.sub(r"\1\\\2", HEADING.sub(r"\1\\\2", line))
    return MARKUP.sub(_shown, line)


def _shown(markup: re.Match[str]) -> str:
    """A backslash that escaped it would escape our `&`."""
    before = markup[1]
    return before + "\\" * (len(before) % 2) + "&lt;"


def _link(text: str, url: str | None) -> str:
    return plain(text) if url is None else f"[{plain(text)}]({url})"
