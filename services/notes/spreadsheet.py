"""Notes as CSV (RFC 4180), for spreadsheets."""

import csv
import io
import re
from collections.abc import Sequence
from typing import ClassVar

from services.notes.exported import Exported

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel takes UTF-8 for something else. Programs have the JSON."""
COLUMNS = (
    "videoTitle",
    "videoUrl",
    "youtubeId",
    "timestamp",
    "startSeconds",
    "jumpUrl",
    "text",
    "generatedByAi",
    "createdAt",
    "updatedAt",
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  spreadsheets take them, too
INNER_FORMULA = re.compile(r"""((?:[;\t]|[\r\n](?!"*[-+]\ ))"*)(?=[=+\-@＝＋－＠])""", re.VERBOSE)  # noqa: RUF001  as above
"""Where a spreadsheet may begin a cell of its own: many split at semicolons or tabs, and our quotation marks then stand
around none of their cells, so that a line's end ends one, too. A line of a list stays one."""


class Spreadsheet:
    extension: ClassVar[str] = "csv"
    content_type: ClassVar[str] = "text/csv; charset=utf-8"

    def head(self) -> str:
        return BYTE_ORDER_MARK + _line(COLUMNS)

    def entry(self, exported: Exported) -> str:
        note, seconds = exported.note, exported.start_seconds
        return _line(
            (
                harmless(exported.title),
                exported.video_url or "",
                harmless(exported.video.youtube_id),
                harmless(note.timestamp),
                "" if seconds is None else str(int(seconds)),
                exported.jump_url or "",
                harmless(note.text or ""),
                "true" if note.generated_by_ai else "false",
                note.created_at.isoformat(),
                note.updated_at.isoformat(),
            )
        )

    def tail(self) -> str:
        return ""


def harmless(text: str) -> str:
    """An apostrophe keeps a spreadsheet from running what begins like a formula (OWASP, CSV injection)."""
    guarded = INNER_FORMULA.sub(r"\1'", text)
    return f"'{guarded}" if text.startswith(FORMULA_STARTS) else guarded


def _line(cells: Sequence[str]) -> str:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\r\n").writerow(cells)
    return written.getvalue()
