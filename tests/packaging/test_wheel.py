"""The built wheel alone, in an empty environment and a folder without source, migrates, seeds and serves."""

import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.servers.ports import free_port
from tests.servers.processes import ServerProcess

pytestmark = pytest.mark.packaging

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "runtime.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """An environment that holds the wheel, and a folder of its own to work in."""

    programs: Path
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the surrounding one, so that no variable of a developer reaches their database."""
        return {"PATH": os.defpath, "HOME": str(self.folder), "DATA_DIR": str(self.folder / "data")}

    def run(self, program: str, *arguments: str) -> str:
        command = [str(self.programs / program), *arguments]
        outcome = subprocess.run(
            command, cwd=self.folder, env=self.environment, check=False, capture_output=True, text=True
        )
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
        return outcome.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built by way of the source distribution, so that this one is complete too."""
    folder = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT))
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    environment = tmp_path_factory.mktemp("environment")
    _run(sys.executable, "-m", "venv", str(environment))
    programs = environment / "bin"
    pip = (str(programs / "python"), "-m", "pip", "--disable-pip-version-check", "-qq", "install", "--no-deps")
    _run(*pip, "--require-hashes", "-r", str(LOCK))
    _run(*pip, "--no-index", str(wheel))
    return Installation(programs=programs, folder=tmp_path_factory.mktemp("work"))


@pytest.fixture(scope="module")
def address(installation: Installation) -> Iterator[str]:
    """Where the installed server answers, on a migrated and seeded database."""
    installation.run("vidwiz", "migrate")
    installation.run("vidwiz", "seed")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with ServerProcess(
        [installation.programs / "vidwiz", "serve", "--port", str(port)],
        ready=lambda _: _is_ready(url),
        env=installation.environment,
        cwd=installation.folder,
    ) as server:
        yield url
        assert server.stop() in {0, -signal.SIGTERM}, server.output()


def test_the_wheel_holds_what_is_not_python(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {"schema/schema.graphql", "db/migrations/script.py.mako", "vidwiz.py"} <= set(names)
    for folder in ("db/samples/", "db/migrations/versions/", "schema/static/"):
        assert any(name.startswith(folder) for name in names), folder


def test_the_lock_is_complete(installation: Installation) -> None:
    installation.run("python", "-m", "pip", "check")


def test_the_command_says_what_it_can_do(installation: Installation) -> None:
    text = installation.run("vidwiz", "--help")
    assert all(command in text for command in ("serve", "worker", "migrate", "seed", "schema", "doctor"))


def test_the_schema_is_the_committed_one(installation: Installation) -> None:
    committed = (ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8")
    assert installation.run("vidwiz", "schema") == committed


def test_migrating_and_seeding_again_changes_nothing(installation: Installation, address: str) -> None:
    before = _query(address, "{ sampleVideos { id title } }")
    installation.run("vidwiz", "migrate")
    installation.run("vidwiz", "seed")
    assert _query(address, "{ sampleVideos { id title } }") == before
    assert "errors" not in str(before)


def test_a_query_is_answered(address: str) -> None:
    answer = str(_query(address, "{ sampleVideos { id title } }"))
    assert "errors" not in answer
    assert answer.count("title") >= 3


def test_the_page_is_served(address: str) -> None:
    page = httpx2.get(f"{address}/graphql", headers={"Accept": "text/html"})
    assert page.status_code == httpx2.codes.OK
    assert page.headers["Content-Type"].startswith("text/html")


def _run(*command: str) -> None:
    outcome = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert outcome.returncode == 0, outcome.stdout


def _is_ready(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/readyz").is_success
    except httpx2.TransportError:
        return False


def _query(url: str, query: str) -> object:
    answer: object = httpx2.post(f"{url}/graphql", json={"query": query}, headers={"X-Guest-Session-ID": "me"}).json()
    return answer
