"""docs/operations.md and the settings say the same."""

import re
from pathlib import Path
from typing import cast

import pytest

from services.rates import WINDOWS, Rate
from services.settings import OLD_VARIABLES, Settings
from tests.commands import variables_of
from tests.test_command_line import SUBCOMMANDS

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "operations.md").read_text(encoding="utf-8")
UNSET = "—"


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table under the heading."""
    _, _, section = PAGE.partition(f"\n{heading}\n")
    table = re.search(r"^\|.*\n\|[ |-]+\|\n((?:\|.*\n)+)", section, re.MULTILINE)
    assert table is not None, heading
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[1].splitlines()]


SETTINGS = {row[0].strip("`"): row[1:] for row in rows("## Settings")}


def written(default: object) -> str:
    """As a person would write it into the environment."""
    match default:
        case None | frozenset():
            return UNSET
        case bool():
            return f"`{str(default).lower()}`"
        case Rate(attempts=attempts, seconds=seconds):
            window = next((name for name, length in WINDOWS.items() if length == seconds), f"{seconds} seconds")
            return f"`{attempts}/{window}`"
        case tuple():
            names = cast("tuple[object, ...]", default)  # the match leaves the type of what is in it open
            return f"`{','.join(map(str, names))}`"
        case _:
            return f"`{default}`"


def test_every_setting_has_its_row_in_the_order_of_the_class() -> None:
    assert list(SETTINGS) == [variables_of(name)[0] for name in Settings.model_fields]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_row_tells_the_default_and_the_other_names(name: str) -> None:
    variable, *others = variables_of(name)
    default, meaning = SETTINGS[variable]
    assert default == written(Settings.model_fields[name].default)
    assert meaning
    assert [other for other in others if f"`{other}`" not in meaning] == []


def test_the_variables_of_the_old_systems_are_those_that_the_doctor_knows() -> None:
    assert {name.strip("`"): why for name, why in rows("### Variables of the old systems")} == OLD_VARIABLES


def test_every_command_is_told() -> None:
    commands = {row[0].strip("`").split()[1] for row in rows("## Processes")}
    assert commands == SUBCOMMANDS.keys()
