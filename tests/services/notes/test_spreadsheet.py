"""Notes as CSV: no cell is a formula, neither for programs that split at a semicolon or a tab."""

import csv
import io
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.queries.notes import NoteRow
from db.queries.videos import VideoRow
from services.notes.exported import Exported
from services.notes.spreadsheet import Spreadsheet, harmless

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
FORMULA = re.compile(f'"*[{re.escape(SIGNS)}]')


def line(text: str) -> str:
    video = VideoRow(1, "dQw4w9WgXcQ", "A title", None, False, None, None, False, NOW)
    return Spreadsheet().entry(Exported(NoteRow(1, 1, "1:05", text, "NONE", False, NOW, NOW), video))


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("separator", [";", "\t"])
def test_no_part_of_a_cell_is_a_formula(separator: str, sign: str) -> None:
    """A program that splits elsewhere knows nothing of our quotation marks: they do not stand around its cells."""
    assert harmless(f"x{separator}{sign}1") == f"x{separator}'{sign}1"
    assert harmless(f'x{separator}"{sign}1"') == f'x{separator}"\'{sign}1"'
    assert harmless(f"{separator}{separator}{sign}1").endswith(f"{separator}'{sign}1")


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_a_line_within_a_cell_is_no_formula(end: str) -> None:
    assert harmless(f"x{end}=1") == f"x{end}'=1"
    assert harmless(f"x{end}-1") == f"x{end}'-1"


@pytest.mark.parametrize(
    "text", ["a - b; c - d", "1;2\t3", "one\n- two\n- three\n+ four", "a=1; b", "x; =1", "a@b.example"]
)
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


@given(st.text(alphabet=f"{SIGNS};\t\r\n\"', x1", max_size=20))
def test_however_it_is_split(text: str) -> None:
    written = line(text)
    for separator in ";\t":
        for cell in written.split(separator):
            assert not FORMULA.match(cell), cell
    (cells,) = csv.reader(io.StringIO(written, newline=""))
    assert not cells[6].startswith(tuple(SIGNS))
    assert cells[6].replace("'", "") == text.replace("'", "")
