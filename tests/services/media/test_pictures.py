"""Processes that decode pictures: few at a time, none for long, and none left behind."""

import asyncio
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop

from services import slots
from services.errors import Overloaded
from services.media import picture_process, pictures
from services.media.pictures import BadPicture, Fault, Pictures
from tests.conditions import until
from tests.services.media.corpus import plain

GIVING_UP = (Overloaded, BadPicture)


@asynccontextmanager
async def opening(*parts: bytes) -> AsyncGenerator[AsyncIterator[bytes]]:
    async def chunks() -> AsyncGenerator[bytes]:
        for part in parts:
            yield part

    yield chunks()


@asynccontextmanager
async def stuck() -> AsyncGenerator[AsyncIterator[bytes]]:
    """A store that never gives the rest."""

    async def chunks() -> AsyncGenerator[bytes]:
        yield plain("JPEG")[:100]
        await asyncio.Event().wait()

    yield chunks()


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    """Those that were started."""
    started: list[Process] = []
    start = asyncio.create_subprocess_exec

    async def start_and_note(*arguments: Any, **options: Any) -> Process:  # noqa: ANN401  whatever it takes
        process = await start(*arguments, **options)
        started.append(process)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", start_and_note)
    return started


def all_have_ended(processes: list[Process]) -> bool:
    """And were waited for, so that no zombie is left."""
    return bool(processes) and all(process.returncode is not None for process in processes)


@pytest.mark.asyncio
async def test_a_picture_comes_in_pieces_and_goes_out_in_sizes(processes: list[Process]) -> None:
    data = plain("PNG")
    squares = await Pictures(1).squares(opening(data[:1], data[1:50_000], data[50_000:]))
    assert list(squares) == [512, 256, 128, 64]
    assert all_have_ended(processes)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("data", "fault"),
    [(b"", Fault.UNSUPPORTED), (b"GIF89a" + bytes(99), Fault.UNSUPPORTED), (plain("PNG")[:999], Fault.INVALID)],
)
async def test_what_is_wrong_is_told(data: bytes, fault: Fault) -> None:
    with pytest.raises(BadPicture) as refused:
        await Pictures(1).squares(opening(data))
    assert refused.value.fault is fault


@pytest.mark.asyncio
async def test_who_waits_too_long_is_told_that_the_server_is_busy(
    monkeypatch: pytest.MonkeyPatch, processes: list[Process]
) -> None:
    monkeypatch.setattr(slots, "WAIT_SECONDS", 0.05)
    decoder = Pictures(1)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(decoder.squares(stuck()))

        async def is_running() -> bool:
            return bool(processes)

        await until(is_running)
        with pytest.raises(Overloaded):
            await decoder.squares(opening(plain("PNG")))
        first.cancel()
    assert len(processes) == 1
    assert all_have_ended(processes)
    assert await decoder.squares(opening(plain("PNG")))


@pytest.mark.asyncio
async def test_what_takes_too_long_is_killed(monkeypatch: pytest.MonkeyPatch, processes: list[Process]) -> None:
    monkeypatch.setattr(pictures, "LONGEST_SECONDS", 0.3)
    with pytest.raises(Overloaded):
        await Pictures(1).squares(stuck())
    assert all_have_ended(processes)


@pytest.mark.asyncio
async def test_a_picture_that_takes_too_long_is_a_bad_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: list[Process]
) -> None:
    """Nobody else is to blame for it: all of it had come."""
    program = tmp_path / "program.py"
    program.write_text("import sys, time; sys.stdin.buffer.read(); time.sleep(99)", encoding="utf-8")
    monkeypatch.setattr(pictures, "PROGRAM", program)
    monkeypatch.setattr(pictures, "LONGEST_SECONDS", 1.0)
    with pytest.raises(BadPicture) as refused:
        await Pictures(1).squares(opening(plain("PNG", 64, 48)))
    assert refused.value.fault is Fault.TOO_SLOW
    assert all_have_ended(processes)


@pytest.mark.asyncio
async def test_a_store_that_fails_leaves_no_process(processes: list[Process]) -> None:
    @asynccontextmanager
    async def failing() -> AsyncGenerator[AsyncIterator[bytes]]:
        async def chunks() -> AsyncGenerator[bytes]:
            yield b"\x89PNG"
            raise OSError("gone")

        yield chunks()

    with pytest.raises(OSError, match="gone"):
        await Pictures(1).squares(failing())
    assert all_have_ended(processes)


PROGRAMS = {
    "dies": "import os; os.abort()",
    "fails": "raise SystemExit(3)",
    "is silent": "import sys; sys.stdin.read()",
    "says nonsense": "print('Q' * 100)",
    "says that it made nothing": "print('M', end='')",
    "sends what is no WebP": "import struct, sys; sys.stdout.buffer.write(b'M' + struct.pack('>HI', 512, 4) + b'<svg')",
    "never stops talking": "import sys\nwhile True: sys.stdout.buffer.write(bytes(2**16))",
    "reads nothing and waits": "import time; time.sleep(99)",
}


@pytest.mark.asyncio
@pytest.mark.parametrize("name", PROGRAMS)
async def test_a_process_that_was_taken_over_is_not_believed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: list[Process]
) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAMS[name], encoding="utf-8")
    monkeypatch.setattr(pictures, "PROGRAM", program)
    monkeypatch.setattr(pictures, "LONGEST_SECONDS", 2.0)
    with pytest.raises(GIVING_UP):
        await Pictures(1).squares(opening(bytes(3_000_000)))
    assert all_have_ended(processes)


def test_it_works_on_the_loop_that_serves() -> None:
    async def made() -> int:
        with pytest.raises(BadPicture):
            await Pictures(1).squares(opening(b"<svg/>"))
        return len(await Pictures(1).squares(opening(plain("WEBP"))))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(made()) == 4


CONFINED = """
import os, runpy, socket, sys
runpy.run_path(sys.argv[1])["confine"]()
attempts = {
    "a file": lambda: open(sys.argv[1]),
    "a socket": socket.socket,
    "much memory": lambda: bytearray(140 * 2**20),
    "to write": lambda: os.write(1, b"" ) or os.open("/tmp/x", os.O_CREAT | os.O_WRONLY),
}
print(*os.environ, end=";")
for name, attempt in attempts.items():
    try:
        attempt()
    except (OSError, MemoryError):
        continue
    print(name, end=";")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other limits")
def test_the_process_can_open_nothing_and_has_little_memory() -> None:
    command = [sys.executable, "-I", "-c", CONFINED, str(pictures.PROGRAM)]
    outcome = subprocess.run(command, capture_output=True, check=True, env={}, text=True)
    assert outcome.stdout.removeprefix("LC_CTYPE") == ";"


def test_the_process_imports_nothing_of_ours() -> None:
    command = [sys.executable, "-I", "-c", "import runpy, sys; runpy.run_path(sys.argv[1]); print(*sys.modules)"]
    outcome = subprocess.run([*command, str(pictures.PROGRAM)], capture_output=True, check=True, env={}, text=True)
    loaded = {name.partition(".")[0] for name in outcome.stdout.split()}
    assert loaded.isdisjoint({"services", "schema", "db", "resolvers", "socket", "ssl", "asyncio"})
    assert {name.partition(".")[0] for name in sys.modules} > {"services"}
    assert picture_process.SIDES == pictures.SIDES
