"""The project's own Python files, parsed, for the checks in this folder; no check lives here."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("schema", "resolvers", "db", "services", "subscriptions")
MIGRATIONS = Path("db/migrations")


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One file; `path` is relative to the root of the project."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def line_count(self) -> int:
        return len(self.text.splitlines())


def sample(text: str, path: str = "services/sample.py") -> Module:
    """A module that is in no file, for showing that a check can fail."""
    return Module(path=Path(path), text=text, tree=ast.parse(text))


@cache
def product() -> tuple[Module, ...]:
    """What the wheel holds."""
    return (*(_load(file) for package in PACKAGES for file in _files(ROOT / package)), _load(ROOT / "vidwiz.py"))


@cache
def suite() -> tuple[Module, ...]:
    return tuple(_load(file) for file in _files(ROOT / "tests"))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Every call with the last part of the name it goes by: `commit` for `session.commit()`."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) | ast.Call(func=ast.Name(id=name)):
                yield node, name
            case _:
                pass


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def _load(file: Path) -> Module:
    text = file.read_text(encoding="utf-8")
    return Module(path=file.relative_to(ROOT), text=text, tree=ast.parse(text, filename=str(file)))
