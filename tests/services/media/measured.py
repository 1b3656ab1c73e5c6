"""The picture process by itself: what it answers, and how much memory it took at its height."""

import subprocess
import sys
from dataclasses import dataclass

from services.media.picture_process import MADE, SIDES, SQUARE_HEAD
from services.media.pictures import PROGRAM

# By a small process in between: a child is told to have as much memory as its parent had when it was made.
MEASURE = """
import os, subprocess, sys
process = subprocess.Popen([sys.executable, "-I", "-W", "ignore", sys.argv[1]], env={})
_, status, usage = os.wait4(process.pid, 0)
sys.stderr.write(f"{os.waitstatus_to_exitcode(status)} {usage.ru_maxrss}")
"""
RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Measured:
    answer: bytes
    return_code: int
    peak_bytes: int

    @property
    def letter(self) -> str:
        return self.answer[:1].decode()

    @property
    def squares(self) -> dict[int, bytes]:
        assert self.answer[:1] == MADE
        found: dict[int, bytes] = {}
        place = 1
        for _ in SIDES:
            side, length = SQUARE_HEAD.unpack_from(self.answer, place)
            place += SQUARE_HEAD.size
            found[side] = self.answer[place : place + length]
            place += length
        assert place == len(self.answer)
        return found


def decode(data: bytes) -> Measured:
    command = [sys.executable, "-I", "-c", MEASURE, str(PROGRAM)]
    outcome = subprocess.run(command, input=data, capture_output=True, check=True)
    return_code, peak = outcome.stderr.split()[-2:]
    return Measured(outcome.stdout, int(return_code), int(peak) * RSS_UNIT)
