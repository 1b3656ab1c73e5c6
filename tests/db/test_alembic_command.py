"""The commands that developers type to write and check a revision."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def alembic(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "alembic", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.asyncio
async def test_check_of_a_migrated_database_passes(database_url: str) -> None:
    result = alembic("-x", f"url={database_url}", "check")

    assert result.returncode == 0, result.stderr
    assert "No new upgrade operations detected." in result.stdout


def test_sql_for_postgres_is_printed() -> None:
    result = alembic("-x", "url=postgresql://nobody@nowhere/none", "upgrade", "head", "--sql")

    assert result.returncode == 0, result.stderr
    assert "CREATE TABLE notes" in result.stdout
    assert "JSONB" in result.stdout


def test_database_must_be_named() -> None:
    result = alembic("check")

    assert result.returncode != 0
    assert "alembic -x url=" in result.stderr + result.stdout
