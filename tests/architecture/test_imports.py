"""The import contract in pyproject.toml holds, and it notices when it is broken."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.source_tree import PACKAGES, ROOT

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(LINT_IMPORTS), "--no-logo", "--no-cache"]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)


def _empty_project(folder: Path) -> None:
    """A project of empty modules, one for each layer, under our own contract."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    for package in PACKAGES:
        (folder / package).mkdir()
        (folder / package / "__init__.py").touch()
    (folder / "vidwiz.py").touch()
    for layer in contract["contracts"][0]["layers"]:
        for name in layer.replace("(", "").replace(")", "").split(" | "):
            if name.startswith("schema."):
                (folder / name.replace(".", "/")).with_suffix(".py").touch()


def test_imports_run_down_only() -> None:
    outcome = _lint(ROOT)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_an_empty_project_keeps_the_contract(tmp_path: Path) -> None:
    _empty_project(tmp_path)
    outcome = _lint(tmp_path)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("db/notes.py", "services"),
        ("services/notes.py", "strawberry"),
        ("resolvers/notes.py", "subscriptions"),
        ("subscriptions/notes.py", "sqlalchemy"),
        ("schema/types.py", "resolvers"),
        ("schema/server.py", "vidwiz"),
    ],
)
def test_a_broken_contract_is_noticed(tmp_path: Path, importer: str, imported: str) -> None:
    _empty_project(tmp_path)
    (tmp_path / importer).write_text(f"import {imported}\n", encoding="utf-8")
    outcome = _lint(tmp_path)
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert "Contracts: " in outcome.stdout
    assert "0 broken" not in outcome.stdout
