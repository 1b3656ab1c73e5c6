"""Pictures from outside, decoded in a process of their own (see services.media.picture_process)."""

import asyncio
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from enum import StrEnum
from pathlib import Path

import structlog

from services.errors import Overloaded
from services.media import picture_process
from services.slots import Slots

PROGRAM = Path(picture_process.__file__)
SIDES = picture_process.SIDES
LONGEST_SECONDS = 10.0
MOST_ANSWERED_BYTES = 2 * 1024 * 1024
"""Four squares of noise have half as many."""
CHUNK_BYTES = 64 * 1024
CONTENT_TYPE = "image/webp"

logger = structlog.get_logger()


class Fault(StrEnum):
    """Why there is no making a picture of some bytes."""

    UNSUPPORTED = "UNSUPPORTED"
    """It is none of the formats that we read."""
    TOO_LARGE = "TOO_LARGE"
    INVALID = "INVALID"
    """It begins like a picture, and cannot be decoded."""
    TOO_SLOW = "TOO_SLOW"
    """All of it has come, and there was no time to decode it."""


FAULTS = {
    picture_process.UNSUPPORTED: Fault.UNSUPPORTED,
    picture_process.TOO_LARGE: Fault.TOO_LARGE,
    picture_process.INVALID: Fault.INVALID,
}


class BadPicture(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


class Pictures:
    """So many processes at once; who waits longer than two seconds for one is told that the server is busy."""

    def __init__(self, concurrency: int) -> None:
        self._slots = Slots(concurrency)

    async def squares(self, opening: AbstractAsyncContextManager[AsyncIterator[bytes]]) -> Mapping[int, bytes]:
        """The middle of the picture as WebP of each of SIDES, and nothing else that was in the file.

        It is opened when its turn has come. Raises BadPicture, and Overloaded also when it does not come in time.
        Whatever happens, no process is left.
        """
        has_come = False
        async with self._slots.one():
            try:
                async with asyncio.timeout(LONGEST_SECONDS), _running() as (process, stdin, stdout):
                    async with opening as chunks:
                        await _send(stdin, chunks)
                    has_come = True
                    made = await _receive(stdout)
                    return_code = await process.wait()
            except TimeoutError:
                logger.warning("picture.timeout")
                raise BadPicture(Fault.TOO_SLOW) if has_come else Overloaded from None
        if return_code != 0:
            # It was killed, for time or memory, or it crashed.
            logger.warning("picture.failed", return_code=return_code)
            raise BadPicture(Fault.INVALID)
        return _read(made)


@asynccontextmanager
async def _running() -> AsyncGenerator[tuple[Process, StreamWriter, StreamReader]]:
    # Isolated (-I), and with nothing of our environment, in which there are secrets.
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-W", "ignore", str(PROGRAM), stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}
    )
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        raise RuntimeError("there are no pipes")
    try:
        yield process, stdin, stdout
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        stdin.close()
        # A process counts as ended when all that it said was read.
        while await stdout.read(CHUNK_BYTES):
            pass
        await process.wait()


async def _send(stdin: StreamWriter, chunks: AsyncIterator[bytes]) -> None:
    """All of it, or as much as the process takes. It answers nothing before the end."""
    async for chunk in chunks:
        stdin.write(chunk)
        try:
            await stdin.drain()
        except ConnectionError:
            break
    stdin.close()


async def _receive(stdout: StreamReader) -> bytes:
    received = bytearray()
    while chunk := await stdout.read(CHUNK_BYTES):
        received += chunk
        if len(received) > MOST_ANSWERED_BYTES:
            raise BadPicture(Fault.INVALID)
    return bytes(received)


def _read(answer: bytes) -> Mapping[int, bytes]:
    """The answer is believed no more than the picture was: it must be what an honest process would send."""
    if answer[:1] != picture_process.MADE:
        raise BadPicture(FAULTS.get(answer[:1], Fault.INVALID))
    head = picture_process.SQUARE_HEAD
    squares: dict[int, bytes] = {}
    place = 1
    for side in SIDES:
        if len(answer) < place + head.size:
            raise BadPicture(Fault.INVALID)
        told, length = head.unpack_from(answer, place)
        place += head.size
        squares[side] = answer[place : place + length]
        place += length
        if told != side or len(squares[side]) != length or not _is_webp(squares[side]):
            raise BadPicture(Fault.INVALID)
    if place != len(answer):
        raise BadPicture(Fault.INVALID)
    return squares


def _is_webp(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"
