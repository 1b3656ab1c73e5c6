"""The example worker, as a process, against a real server."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.settings import Settings
from tests.conditions import until
from tests.external_workers import ADMIN_TOKEN, add_video, guarded, task_ids, task_of, video_of, worker
from tests.server import Server

WORKER = Path(__file__).parents[1] / "clients" / "worker" / "worker.py"
MOST_LINES = 60
SPOKEN = {"text": " All.", "segments": [{"id": 0, "start": 0.0, "end": 2.5, "text": " The tide rises."}]}


def test_it_is_short() -> None:
    assert len(WORKER.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@asynccontextmanager
async def running(server: Server, folder: Path) -> AsyncGenerator[Process]:
    variables = {"VIDWIZ_URL": server.url, "ADMIN_TOKEN": ADMIN_TOKEN}
    process = await asyncio.create_subprocess_exec(sys.executable, str(WORKER), str(folder), env=variables, stdout=PIPE)
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
    async with guarded(settings) as server:
        async with running(server, tmp_path) as process:
            for youtube_id, expected in (
                ("video-00001", ("SUCCEEDED", None)),
                ("video-00002", ("DEAD", "BAD_TRANSCRIPT")),
                ("video-00003", ("DEAD", "NO_TRANSCRIPT")),
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
        async with running(server, tmp_path) as process:
            assert await asyncio.wait_for(process.wait(), timeout=60) == 1
        assert (await video_of(server, await add_video(server))).transcript_available is False
