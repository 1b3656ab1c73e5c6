"""Files and functions stay small enough to be read in one go."""

from collections.abc import Iterable
from statistics import median

from tests.architecture.source_tree import MIGRATIONS, Module, functions, product, sample, suite

MOST_LINES_A_FILE = 500
MOST_LINES_A_FUNCTION = 60
MOST_LINES_OF_THE_MEDIAN_FILE = 110


def long_files(modules: Iterable[Module]) -> list[str]:
    return [f"{module.path}: {module.line_count}" for module in modules if module.line_count > MOST_LINES_A_FILE]


def long_functions(modules: Iterable[Module]) -> list[str]:
    """Lines from `def` to the last one, docstring included, decorators not."""
    return [
        f"{module.path}:{function.lineno} {function.name}"
        for module in modules
        for function in functions(module.tree)
        if (function.end_lineno or function.lineno) - function.lineno + 1 > MOST_LINES_A_FUNCTION
    ]


def median_lines(modules: Iterable[Module]) -> float:
    """Of the files that hold something: a package's own file is a docstring and would lower the figure."""
    return median(module.line_count for module in modules if module.path.name != "__init__.py")


def _handwritten() -> list[Module]:
    return [module for module in (*product(), *suite()) if not module.path.is_relative_to(MIGRATIONS)]


def test_no_file_is_long() -> None:
    assert long_files(_handwritten()) == []


def test_no_function_is_long() -> None:
    assert long_functions(_handwritten()) == []


def test_the_median_file_is_short() -> None:
    assert median_lines(module for module in _handwritten() if module in product()) <= MOST_LINES_OF_THE_MEDIAN_FILE


def test_length_is_found() -> None:
    assert long_files([sample("x = 1\n" * (MOST_LINES_A_FILE + 1))])
    assert not long_files([sample("x = 1\n" * MOST_LINES_A_FILE)])
    assert long_functions([sample("class C:\n  async def f():\n" + "    x = 1\n" * MOST_LINES_A_FUNCTION)])
    assert not long_functions([sample("def f():\n" + "  x = 1\n" * (MOST_LINES_A_FUNCTION - 1))])
    assert median_lines([sample("x = 1\n" * 200), sample("'''Nothing.'''", "db/__init__.py")]) == 200
