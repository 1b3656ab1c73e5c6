"""Ends a server and its files when the process that started it is gone, even by SIGKILL."""

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

# Standard input is a pipe whose other end only our process holds: the kernel closes it however we end. This is
# plain sh, so it works on macOS, from any thread, and without running Python between fork and exec.
_WATCH = """
signal=$1; shift
if read -r group; then
    read -r _
    kill -s "$signal" -- "-$group"
    waits=0
    while kill -s 0 -- "-$group" && [ "$waits" -lt 50 ]; do waits=$((waits + 1)); sleep 0.1; done
    kill -s KILL -- "-$group"
fi
rm -rf -- "$@"
"""

# The server writes its own number into that pipe before it becomes the server: at no moment does it run unwatched.
ANNOUNCE = ("/bin/sh", "-c", 'echo "$$" >&0; exec "$@" </dev/null', "sh")


class Watchdog:
    """Guards one process group, whose leader must be started with ``ANNOUNCE`` before its arguments and ``pipe`` as stdin.

    Once this process is gone the group gets `stop_signal`, SIGKILL after five seconds, and the folders of `scratch`
    are removed.
    """

    def __init__(self, *, stop_signal: signal.Signals, scratch: Sequence[Path]) -> None:
        self._args = ["/bin/sh", "-c", _WATCH, "sh", stop_signal.name.removeprefix("SIG"), *map(str, scratch)]

    def __enter__(self) -> Self:
        reading, self.pipe = os.pipe()
        try:
            self._process = subprocess.Popen(
                self._args,
                stdin=reading,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,  # out of reach of the terminal's Ctrl-C, which would end it first
            )
        except OSError:
            os.close(self.pipe)
            raise
        finally:
            os.close(reading)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Killed before the pipe closes: the server has ended by now, and its number may be another process's.
        self._process.kill()
        self._process.wait()
        os.close(self.pipe)
