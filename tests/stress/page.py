"""docs/stress.md: the section that a run writes anew."""

import os
import platform
import re
import textwrap
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from tests.stress.campaign import LANES
from tests.stress.figures import Figures, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "stress.md"
PACKAGES = ["strawberry-graphql", "graphql-core", "starlette", "uvicorn", "sqlalchemy", "hypothesis-graphql"]


def replaced(page: str, section: str, text: str) -> str:
    """The page with what stands between the section's two marks exchanged. Raises LookupError when they are not there."""
    marked = re.compile(rf"(<!-- {section}: written by make stress -->\n).*(<!-- {section}: end -->)", re.DOTALL)
    changed, count = marked.subn(lambda found: f"{found[1]}\n{text}\n{found[2]}", page)
    if count != 1:
        raise LookupError(section)
    return changed


def told(runs: Sequence[Figures]) -> str:
    return "\n".join(_lines(runs)).rstrip("\n") + "\n"


def _lines(runs: Sequence[Figures]) -> Iterator[str]:
    number = sum(runs[0].operations.values())
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    yield f"{datetime.now(UTC):%Y-%m-%d}: {number:,} operations for each database, {LANES} at a time, no fault."
    yield ""
    measured = (
        f"Measured on {os.cpu_count()} cores, which client, server and database shared with other work, with Python"
    )
    yield from textwrap.wrap(f"{measured} {platform.python_version()}, {versions}.", width=118, break_on_hyphens=False)
    yield ""
    yield from tables(runs)
