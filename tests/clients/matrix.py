"""Which client can do what by which transport: tried against a real server, and written as the table of docs/api.md.

`python -m tests.clients.matrix --write` puts a fresh table there.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from tests.accounts import register, succeeded
from tests.client import Client, Json
from tests.clients import node
from tests.commands import Operator
from tests.forged_tokens import expired
from tests.servers.processes import ServerProcess
from tests.settings import SECRET_KEY

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
BEGIN, END = "<!-- matrix -->", "<!-- /matrix -->"
STREAMS_AT_ONCE = 3
TRANSPORTS = ["HTTP", "websocket", "SSE", "multipart"]
CLIENTS = ["Apollo", "urql", "graphql-ws", "graphql-sse"]
NOTES = """\
A dash: the client has no such thing by that transport. A stream that is cut is subscribed to again by `graphql-ws`,
also where Apollo Client and urql are built on it, and by `graphql-sse`; otherwise the client tells the application,
which subscribes again. urql asks for event streams before multipart, and Apollo Client knows no event streams."""
WORDS = {True: "yes", False: "no", None: "\N{EN DASH}"}


@contextmanager
def served(folder: Path) -> Generator[tuple[str, ServerProcess]]:
    """Where a server answers whose replies take a moment, and its process."""
    variables = {
        "YOUTUBE_ORIGIN": "http://127.0.0.1:9",
        "SECRET_KEY": SECRET_KEY,
        "RATE_LIMIT_ENABLED": "false",
        "EXTRACTIVE_PACE_SECONDS": "0.02",
        "SOCKET_OPERATIONS": str(STREAMS_AT_ONCE),
    }
    operator = Operator(folder=folder, variables=variables)
    operator.run("migrate")
    operator.run("seed")
    with operator.serving() as served:
        yield served


def setting(url: str) -> Json:
    """What the scripts are given."""
    account = asyncio.run(register(Client(url=url), f"{uuid4().hex}@example.com"))
    token = expired(succeeded(account)["tokens"]["accessToken"], SECRET_KEY.encode())
    return {"url": f"{url}/graphql", "expiredToken": token, "streamsAtOnce": STREAMS_AT_ONCE}


def table(cells: Sequence[Json]) -> str:
    """In Markdown: a row a feature, a column a transport of a client; and what its words mean."""
    ways = sorted(set(map(way_of, cells)), key=lambda way: (TRANSPORTS.index(way[0]), CLIENTS.index(way[1])))
    found = {(cell["feature"], way_of(cell)): word_of(cell) for cell in cells}
    rows = [
        ["", *(f"{transport}: {client}" for transport, client in ways)],
        ["---", *("---" for _ in ways)],
        *(
            [feature, *(found[feature, way] for way in ways)]
            for feature in dict.fromkeys(feature for feature, _ in found)
        ),
    ]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([*lines, "", NOTES])


def way_of(cell: Json) -> tuple[str, str]:
    return cell["transport"], cell["client"]


def word_of(cell: Json) -> str:
    return "by the application" if cell.get("by") == "application" else WORDS[cell["works"]]


def written(page: str) -> str:
    """The table that the page holds."""
    return page.partition(BEGIN)[2].partition(END)[0].strip()


def rewritten(page: str, fresh: str) -> str:
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}\n\n{fresh}\n\n{end}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Try all clients by all their transports.")
    parser.add_argument("--write", action="store_true", help="put the table into docs/api.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as (url, _):
        cells = node.run("matrix", setting(url))
    if options.write:
        PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8"), table(cells)), encoding="utf-8")
    sys.stdout.write(f"{table(cells)}\n")
    failed = [cell for cell in cells if cell["works"] is False]
    sys.stdout.writelines(f"{json.dumps(cell)}\n" for cell in failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
