"""No committed file names a package registry's host or a folder of somebody's computer."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source_tree import ROOT

# Written in two parts each, so that this file does not name them either.
HOSTS = (
    "pypi.org" + "/simple",
    "files.pythonhosted" + ".org",
    "registry.npmjs" + ".org",
    "deb.debian" + ".org",
)
# A path begins the text or follows a quote, a blank or the like; within a web address it is somebody's page.
PERSONAL_PATH = re.compile(r"(?<![\w.:/~*})-])/(?:(?:home|Users)/[\w.-]+/|root/)")


def private_text(text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), start=1):
        yield from (f"{number}: {host}" for host in HOSTS if host in line)
        yield from (f"{number}: {match.group()}" for match in PERSONAL_PATH.finditer(line))


def _committed_files() -> list[Path]:
    """What is committed or would be with the next `git add`."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("needs a git checkout")
    listing = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


def test_committed_files_name_no_host_and_no_personal_path() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{place}"
        for file in _committed_files()
        for place in private_text(file.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        *(f"url = https://{host}/x" for host in HOSTS),
        'DATA = "/home' + '/ann/data"',
        "see /root" + "/.cache",
        "(/Users" + "/ann/x)",
    ],
)
def test_private_text_is_found(text: str) -> None:
    assert list(private_text(text))


@pytest.mark.parametrize(
    "text", ["https://example.org/home/ann/", "GET /users/ann/", "$HOME/.cache", "/home", "a/root/b"]
)
def test_other_text_is_let_through(text: str) -> None:
    assert not list(private_text(text))
