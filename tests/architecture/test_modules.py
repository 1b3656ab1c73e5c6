"""A module is named after its one idea and says in its first line what that is."""

import ast
from collections.abc import Iterable

import pytest

from tests.architecture.source_tree import Module, product, sample, suite

NAMELESS = frozenset({"util", "utils", "helper", "helpers", "common", "base", "misc"})


def nameless(modules: Iterable[Module]) -> list[str]:
    return [str(module.path) for module in modules if NAMELESS.intersection(module.path.with_suffix("").parts)]


def unexplained(modules: Iterable[Module]) -> list[str]:
    return [str(module.path) for module in modules if not ast.get_docstring(module.tree)]


def busy_packages(modules: Iterable[Module]) -> list[str]:
    """`__init__.py` files that hold more than a docstring, or hold none."""
    return [
        str(module.path)
        for module in modules
        if module.path.name == "__init__.py" and not (ast.get_docstring(module.tree) and len(module.tree.body) == 1)
    ]


def test_every_module_has_a_telling_name() -> None:
    assert nameless((*product(), *suite())) == []


@pytest.mark.parametrize("path", ["services/utils.py", "services/common/clock.py", "tests/helpers.py"])
def test_a_nameless_module_is_found(path: str) -> None:
    assert nameless([sample("", path)])


def test_every_module_says_what_lives_in_it() -> None:
    assert unexplained(product()) == []
    assert unexplained([sample("x = 1")])


def test_packages_hold_a_docstring_and_nothing_else() -> None:
    assert busy_packages((*product(), *suite())) == []


@pytest.mark.parametrize("text", ["", "'''Notes.'''\nfrom db import models", "__all__ = []"])
def test_a_busy_package_is_found(text: str) -> None:
    assert busy_packages([sample(text, "db/__init__.py")])
    assert not busy_packages([sample("'''Tables and statements.'''", "db/__init__.py")])
