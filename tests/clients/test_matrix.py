"""Each client by each of its transports does what the table of docs/api.md says, and the table says all of it."""

import asyncio
import json

import pytest

from tests.client import Json
from tests.clients import matrix, node
from tests.conditions import until
from tests.servers.processes import ServerProcess

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def tried(served: tuple[str, ServerProcess]) -> tuple[list[Json], set[str]]:
    """The cells, and the ids of the requests that the server has ended."""
    url, process = served
    cells = node.run("matrix", matrix.setting(url))
    wanted = {cell["endedRequest"] for cell in cells if "endedRequest" in cell}
    ended: set[str] = set()

    async def have_ended() -> bool:
        lines = [json.loads(line) for line in process.output().splitlines() if '"request.ended"' in line]
        ended.update(line["request_id"] for line in lines)
        return wanted <= ended

    asyncio.run(until(have_ended))
    return cells, ended


def test_no_cell_fails(tried: tuple[list[Json], set[str]]) -> None:
    cells, _ = tried
    assert [cell for cell in cells if cell["works"] is False] == []
    for transport in matrix.TRANSPORTS:
        assert any(cell["works"] for cell in cells if cell["transport"] == transport)


def test_a_stream_that_is_left_is_ended_by_the_server(tried: tuple[list[Json], set[str]]) -> None:
    cells, ended = tried
    left = [cell["endedRequest"] for cell in cells if "endedRequest" in cell]
    assert len(left) >= 3
    assert set(left) <= ended


def test_the_table_is_what_was_found(tried: tuple[list[Json], set[str]]) -> None:
    cells, _ = tried
    fresh = matrix.table(cells)
    assert matrix.written(matrix.PAGE.read_text(encoding="utf-8")) == fresh, "python -m tests.clients.matrix --write"


def test_the_page_takes_a_table_and_keeps_the_rest() -> None:
    page = f"before\n{matrix.BEGIN}\nold\n{matrix.END}\nafter\n"
    fresh = matrix.rewritten(page, "new")
    assert (matrix.written(page), matrix.written(fresh)) == ("old", "new")
    assert matrix.rewritten(fresh, "new") == fresh
    assert fresh.startswith("before\n")
    assert fresh.endswith("\nafter\n")
