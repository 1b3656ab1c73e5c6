"""A server run as a child process: ready when entered, ended when left, never outliving us."""

import contextlib
import os
import pwd
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.watchdog import ANNOUNCE, Watchdog

_OUTPUT_KEPT = 8 * 1024 * 1024
_POLL_SECONDS = 0.01


class ServerFailed(Exception):
    """The server ended or stayed silent too long; the message holds what it printed."""


class ServerProcess:
    """A child process in a session of its own, so that ``pid`` also names the group of everything it starts.

    Entering returns when `ready` holds and raises ServerFailed when the process ends first or `start_seconds` pass.
    Leaving stops it. All methods block: on an event loop that the server itself depends on, call them in a thread.
    `scratch` names folders to remove should this process be killed; otherwise they are left to the caller.
    """

    def __init__(
        self,
        args: Sequence[str | Path],
        *,
        ready: Callable[["ServerProcess"], bool],
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        account: pwd.struct_passwd | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        scratch: Sequence[Path] = (),
        start_seconds: float = 30,
        grace_seconds: float = 10,
    ) -> None:
        self._args = [*ANNOUNCE, *(str(arg) for arg in args)]
        self._name = str(args[0])
        self._ready = ready
        self._env = env
        self._cwd = cwd
        self._account = account
        self._stop_signal = stop_signal
        self._scratch = scratch
        self._start_seconds = start_seconds
        self._grace_seconds = grace_seconds

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as resources:
            watchdog = resources.enter_context(Watchdog(stop_signal=self._stop_signal, scratch=self._scratch))
            self._log = resources.enter_context(tempfile.TemporaryFile())
            self._process = self._spawn(watchdog.pipe)
            resources.callback(self.stop)
            self._await_ready()
            self._resources = resources.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._resources.close()

    def _spawn(self, pipe: int) -> subprocess.Popen[bytes]:
        account = self._account
        return subprocess.Popen(
            self._args,
            stdin=pipe,
            stdout=self._log,
            stderr=self._log,
            env=self._env,
            cwd=self._cwd,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            start_new_session=True,
        )

    def _await_ready(self) -> None:
        deadline = time.monotonic() + self._start_seconds
        while not self._ready(self):
            if not self.is_running:
                raise ServerFailed(f"{self._name} ended with {self._process.returncode}:\n{self.output()}")
            if time.monotonic() > deadline:
                raise ServerFailed(f"{self._name} was not ready in {self._start_seconds} s:\n{self.output()}")
            time.sleep(_POLL_SECONDS)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def output(self) -> str:
        """Return the standard output and error (the last 8 MiB), in the order written. Only inside the ``with`` block."""
        log = self._log.fileno()
        return os.pread(log, _OUTPUT_KEPT, max(0, os.fstat(log).st_size - _OUTPUT_KEPT)).decode(errors="replace")

    def wait(self, seconds: float) -> int:
        """Wait for the process to end by itself and return its exit status, negative for a signal."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise ServerFailed(f"{self._name} still ran after {seconds} s:\n{self.output()}") from None

    def stop(self) -> int:
        """Ask the process to end, kill its whole group after the grace, and return the exit status."""
        if self.is_running:
            self._process.send_signal(self._stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(self._grace_seconds)
        return self.kill()

    def kill(self) -> int:
        """End the process and all it started as a power cut would, and return the exit status."""
        # Not yet waited for, so neither the number of the process nor that of its group can be another's.
        if self.is_running:
            os.killpg(self.pid, signal.SIGKILL)
        return self._process.wait()


def has_printed(text: str) -> Callable[[ServerProcess], bool]:
    """Return a readiness predicate: the server's output holds this text."""
    return lambda server: text in server.output()
