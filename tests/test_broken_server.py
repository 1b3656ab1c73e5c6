"""A server one of whose loops has failed: it ends, so that whoever looks after it starts it again."""

import sys
from pathlib import Path

from db import migrate
from tests.servers.ports import free_port
from tests.servers.processes import ServerProcess, has_printed

BROKEN = """
import asyncio, sys, vidwiz
from services.counters.database import DatabaseCounter

async def fail(self):
    await asyncio.sleep(1)
    raise RuntimeError("the loop is broken")

DatabaseCounter.run = fail
sys.exit(vidwiz.main(["serve", "--port", sys.argv[1]]))
"""


def test_it_ends_and_says_why(tmp_path: Path) -> None:
    environment = {"DATA_DIR": str(tmp_path), "PYTHONPATH": str(Path(migrate.__file__).parent.parent)}
    prepared = [sys.executable, "-c", "import sys, vidwiz; sys.exit(vidwiz.main(['migrate']))"]
    with ServerProcess(prepared, ready=has_printed("newest"), env=environment, cwd=tmp_path) as migrating:
        migrating.wait(30)
    command = [sys.executable, "-c", BROKEN, str(free_port())]
    with ServerProcess(command, ready=has_printed("startup complete"), env=environment, cwd=tmp_path) as server:
        server.wait(30)
        assert not server.is_running
        assert "server.broken" in server.output()
        assert "the loop is broken" in server.output()
