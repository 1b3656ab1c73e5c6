"""The `vidwiz` command as an operator runs it: in a folder and an environment of its own, mostly as a process."""

import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import AliasChoices

from services.settings import OLD_VARIABLES, Settings
from tests.servers.ports import accepts_connections, free_port
from tests.servers.processes import ServerProcess, has_printed

PROGRAM = Path(sys.executable).with_name("vidwiz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Somebody at a shell; only these variables are set, beside those that a program needs to run at all."""

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def environment(self) -> dict[str, str]:
        own = {"PATH": os.defpath, "HOME": str(self.folder), "DATA_DIR": str(self.folder / "data")}
        return {**own, **self.variables}

    def run(self, *arguments: str) -> str:
        """What a command that succeeds prints."""
        process = subprocess.run(
            [PROGRAM, *arguments], cwd=self.folder, env=self.environment, check=False, capture_output=True, text=True
        )
        assert process.returncode == 0, process.stdout + process.stderr
        return process.stdout

    @contextmanager
    def serving(self, *arguments: str) -> Generator[tuple[str, ServerProcess]]:
        """Where `vidwiz serve` answers, and its process."""
        port = free_port()
        with ServerProcess(
            [PROGRAM, "serve", "--port", str(port), *arguments],
            ready=lambda _: accepts_connections(port),
            env=self.environment,
            cwd=self.folder,
        ) as process:
            yield f"http://127.0.0.1:{port}", process

    def working(self, *arguments: str) -> ServerProcess:
        """A `vidwiz worker`, to be entered."""
        return ServerProcess(
            [PROGRAM, "worker", *arguments],
            ready=has_printed("worker.started"),
            env=self.environment,
            cwd=self.folder,
        )


def variables_of(name: str) -> list[str]:
    """The variables by which a setting can be given, the proper one first."""
    alias = Settings.model_fields[name].validation_alias
    return [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else [name.upper()]


def known_variables() -> set[str]:
    """All that we read, or look for to say that it does nothing."""
    return {variable for name in Settings.model_fields for variable in variables_of(name)} | OLD_VARIABLES.keys()
