"""Only `services/settings.py` reads the environment."""

import ast
from collections.abc import Iterable

import pytest

from tests.architecture.source_tree import Module, product, sample

OWNER = "services/settings.py"
READERS = frozenset({"environ", "environb", "getenv", "getenvb"})


def environment_reads(modules: Iterable[Module]) -> list[str]:
    return [
        f"{module.path}:{node.lineno}"
        for module in modules
        if module.path.as_posix() != OWNER
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute | ast.ImportFrom) and _reads_environment(node)
    ]


def _reads_environment(node: ast.Attribute | ast.ImportFrom) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="os"), attr=name):
            return name in READERS
        case ast.ImportFrom(module="os", names=names):
            return any(alias.name in READERS for alias in names)
        case _:
            return False


def test_only_the_settings_read_the_environment() -> None:
    assert environment_reads(product()) == []


@pytest.mark.parametrize(
    "text", ["os.environ['HOME']", "os.getenv('HOME')", "from os import environ", "from os import path, getenv as env"]
)
def test_a_read_is_found(text: str) -> None:
    assert environment_reads([sample(text, "vidwiz.py")])
    assert not environment_reads([sample(text, OWNER)])
