"""Whatever is asked, the server answers in order, stays in order, and tells nothing of its inside."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from services.settings import Settings
from tests.databases import Databases
from tests.settings import settings_for
from tests.stress.campaign import campaign
from tests.stress.figures import Figures
from tests.stress.generation import Kind, generate
from tests.stress.page import PAGE, replaced, told

SLICE = 300
MADE = ("users", "mailed_tokens", "jobs", "video_additions", "notes", "conversations", "messages")
"""Tables into which operations write when they do what they say."""
SHOWN = 20


@pytest.mark.asyncio
async def test_a_slice_of_generated_operations(settings: Settings) -> None:
    figures, faults = await campaign(settings, "any", generate(SLICE))
    assert not faults, told_of(faults)
    assert sum(figures.operations.values()) == SLICE
    assert set(figures.operations) == set(Kind)
    # What is refused at the door says nothing of what is behind it.
    assert figures.clean > SLICE / 4
    assert sum(figures.rows[table] for table in MADE) > SLICE / 50


@pytest.mark.stress
@pytest.mark.asyncio
async def test_generated_operations(
    request: pytest.FixtureRequest, sqlite_databases: Databases, postgresql_databases: Databases, tmp_path: Path
) -> None:
    generated = generate(request.config.getoption("operations"))
    runs: list[Figures] = []
    for name, databases in (("SQLite", sqlite_databases), ("Postgres", postgresql_databases)):
        async with databases.filled() as url:
            figures, faults = await campaign(settings_for(url, tmp_path / name), name, generated)
        assert not faults, told_of(faults)
        runs.append(figures)
    PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), "generated operations", told(runs)), encoding="utf-8")


def told_of(faults: Sequence[str]) -> str:
    """Each with the whole request, which is all that is needed to send it again."""
    return "\n".join([f"{len(faults)} faults", *faults[:SHOWN]])
