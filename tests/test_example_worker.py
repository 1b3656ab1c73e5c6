"""The example worker, as a process, against a real server."""

import asyncio
import json
import sys
import threading
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services import limits
from services.settings import Settings
from tests.conditions import until
from tests.external_workers import ADMIN_TOKEN, add_video, guarded, task_ids, task_of, video_of, worker
from tests.server import Server
from tests.servers.ports import free_port
from tests.servers.task_server import PUT, TaskServer, task_server

WORKER = Path(__file__).parents[1] / "clients" / "worker" / "worker.py"
MOST_LINES = 60
SPOKEN = {"text": " All.", "segments": [{"id": 0, "start": 0.0, "end": 2.5, "text": " The tide rises."}]}


def test_it_is_short() -> None:
    assert len(WORKER.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@asynccontextmanager
async def running(url: str, folder: Path) -> AsyncGenerator[Process]:
    variables = {"VIDWIZ_URL": url, "ADMIN_TOKEN": ADMIN_TOKEN}
    command = [sys.executable, str(WORKER), str(folder)]
    process = await asyncio.create_subprocess_exec(*command, env=variables, stdout=PIPE, stderr=PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def status_of_last(server: Server) -> tuple[str, str | None]:
    task = await task_of(server, (await task_ids(server, "fetch_transcript"))[-1])
    return task["status"], None if task["error"] is None else task["error"]["code"]


@pytest.mark.asyncio
async def test_it_brings_what_is_there_and_fails_what_is_not(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "video-00001.json").write_text(json.dumps(SPOKEN), encoding="utf-8")
    (tmp_path / "video-00002.json").write_text("{}", encoding="utf-8")
    (tmp_path / "video-00004.json").touch()
    with (tmp_path / "video-00005.json").open("wb") as file:
        file.truncate(limits.TRANSCRIPT_BYTES + 1)
    async with guarded(settings) as server:
        async with running(server.url, tmp_path) as process:
            for youtube_id, expected in (
                ("video-00001", ("SUCCEEDED", None)),
                ("video-00002", ("DEAD", "BAD_TRANSCRIPT")),
                ("video-00003", ("DEAD", "NO_TRANSCRIPT")),
                ("video-00004", ("DEAD", "BAD_TRANSCRIPT")),
                ("video-00005", ("DEAD", "BAD_TRANSCRIPT")),
            ):
                await add_video(server, youtube_id)

                async def has_ended(expected: tuple[str, str | None] = expected) -> bool:
                    return await status_of_last(server) == expected

                await until(has_ended)
            assert process.returncode is None
        (first, *_) = await task_ids(server, "fetch_transcript")
        found = (
            await worker(server).client.execute(
                "query Find($id: ID!) { task(id: $id) { video { transcript { nodes { text startSeconds durationSeconds } } } } }",
                id=first,
            )
        ).data["task"]["video"]["transcript"]["nodes"]
        assert found == [{"text": "The tide rises.", "startSeconds": 0.0, "durationSeconds": 2.5}]


@pytest.mark.asyncio
async def test_it_ends_when_it_is_not_let_in(settings: Settings, tmp_path: Path) -> None:
    async with guarded(settings, admin_token=None) as server:
        async with running(server.url, tmp_path) as process:
            assert await asyncio.wait_for(process.wait(), timeout=60) == 1
        assert (await video_of(server, await add_video(server))).transcript_available is False


@pytest.fixture
def tasks(tmp_path: Path) -> Generator[TaskServer]:
    (tmp_path / "video-00001.json").write_text(json.dumps(SPOKEN), encoding="utf-8")
    with task_server(free_port()) as server:
        yield server


async def until_asked(tasks: TaskServer, name: str, count: int = 1) -> None:
    async def is_asked() -> bool:
        return tasks.count(name) >= count

    await until(is_asked)


async def last_words(process: Process) -> str:
    """What a process that ends by itself, and not well, leaves on stderr."""
    async with asyncio.timeout(60):
        _, told = await process.communicate()
    assert process.returncode == 1
    return told.decode()


@pytest.mark.asyncio
async def test_a_file_that_is_not_taken_fails_the_task_and_not_the_worker(tasks: TaskServer, tmp_path: Path) -> None:
    tasks.steps[PUT] = [410]
    async with running(tasks.origin, tmp_path) as process:
        await until_asked(tasks, "taskFail", 2)
        assert process.returncode is None
    error = next(given["error"] for name, given in tasks.asked if name == "taskFail")
    assert (error["code"], error["retryable"]) == ("BAD_TRANSCRIPT", False)
    assert "410" in error["message"]
    assert tasks.count("taskComplete") == 0


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["taskClaim", "uploadCreate", "taskComplete"])
async def test_it_ends_with_the_status_when_the_server_refuses(tasks: TaskServer, tmp_path: Path, name: str) -> None:
    tasks.steps[name] = [403]
    async with running(tasks.origin, tmp_path) as process:
        assert "403: Forbidden" in await last_words(process)
    assert tasks.count(name) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["taskClaim", "taskComplete", PUT])
async def test_it_says_once_that_the_server_is_busy_and_goes_on(tasks: TaskServer, tmp_path: Path, name: str) -> None:
    tasks.steps[name] = [503, 429, *tasks.steps.get(name, [{"__typename": "TaskCompleteSuccess"}])]
    async with running(tasks.origin, tmp_path) as process:
        await until_asked(tasks, "taskComplete", 3 if name == "taskComplete" else 1)
        tasks.steps["taskClaim"] = [401]
        told = await last_words(process)
    assert [status for status in ("503", "429") if status in told] == ["503"]
    assert tasks.count("taskFail") == 0


@pytest.mark.asyncio
async def test_it_says_once_that_nobody_answers_and_waits(tmp_path: Path) -> None:
    port = free_port()
    async with running(f"http://127.0.0.1:{port}", tmp_path) as process:
        assert process.stderr is not None
        assert b"refused" in await asyncio.wait_for(process.stderr.readline(), timeout=60)
        with task_server(port) as tasks:
            tasks.steps["taskClaim"] = [401]
            assert "refused" not in await last_words(process)


@pytest.mark.asyncio
async def test_a_sign_of_life_that_is_refused_ends_its_work(tasks: TaskServer, tmp_path: Path) -> None:
    held = threading.Event()
    tasks.steps |= {"taskHeartbeat": [403], PUT: [held]}
    try:
        async with running(tasks.origin, tmp_path) as process:
            assert "403: Forbidden" in await last_words(process)
    finally:
        held.set()
    assert tasks.count("taskComplete") == tasks.count("taskFail") == 0
