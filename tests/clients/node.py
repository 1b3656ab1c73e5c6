"""Scripts of clients/conformance, run by Node: what they are given is JSON, and so is each line that they print."""

import asyncio
import json
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.client import Json

CLIENTS = Path(__file__).parents[2] / "clients"
FOLDER = CLIENTS / "conformance"
SECONDS = 120


class NodeFailed(Exception):
    """The script could not be run, or ended with a failure; the message holds what it said."""


def command(script: str, given: object) -> list[str]:
    """Raises NodeFailed when the packages are missing."""
    runner = CLIENTS / "node_modules" / ".bin" / "tsx"
    if not runner.exists():
        raise NodeFailed("The packages are missing: run `npm ci` in clients/ (`make test-clients` does).")
    argument = given if isinstance(given, str) else json.dumps(given)
    return [str(runner), str(FOLDER / "src" / f"{script}.ts"), argument]


def run(script: str, given: object) -> list[Json]:
    """The lines of a script that ends by itself. Raises NodeFailed."""
    ended = subprocess.run(command(script, given), capture_output=True, text=True, check=False, timeout=SECONDS)
    if ended.returncode != 0:
        raise NodeFailed(ended.stdout + ended.stderr)
    return [json.loads(line) for line in ended.stdout.splitlines()]


class Script:
    """One that runs beside the test."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.told: list[Json] = []

    async def until(self, event: str, **parts: object) -> Json:
        """The next line of this event, with these parts. Raises NodeFailed when the script ends before."""
        output = self._process.stdout
        assert output is not None
        async with asyncio.timeout(SECONDS):
            async for line in output:
                told: Json = json.loads(line)
                self.told.append(told)
                if told["event"] == event and parts.items() <= told.items():
                    return told
        raise NodeFailed(f"ended without {event} {parts}: {self.told}")

    def count(self, event: str) -> int:
        return sum(told["event"] == event for told in self.told)


@asynccontextmanager
async def running(script: str, given: object) -> AsyncGenerator[Script]:
    process = await asyncio.create_subprocess_exec(*command(script, given), stdout=asyncio.subprocess.PIPE)
    try:
        yield Script(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
