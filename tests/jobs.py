"""Jobs as their owner sees them: exports begun, followed to their end, and the files fetched."""

import asyncio
import io
import json
import zipfile
from contextlib import aclosing
from typing import Any

import httpx2

from tests.client import UNUSED_TLS, Client, Json
from tests.conditions import until

SECONDS = 30
"""In which everything that is waited for here must have come."""

JOB = """
  id kind status stage progress createdAt startedAt finishedAt error { code message }
  artifacts { id stage name contentType sizeBytes url }
"""
EXPORT = f"mutation Export {{ userExport {{ ... on UserExportSuccess {{ job {{ {JOB} }} }} }} }}"
CANCEL = f"""
mutation Cancel($id: ID!) {{
  jobCancel(input: {{id: $id}}) {{
    __typename ... on JobCancelSuccess {{ job {{ {JOB} }} }} ... on UserError {{ message }}
  }}
}}
"""
READ = f"query Read($id: ID!) {{ job(id: $id) {{ {JOB} }} }}"
FOLLOW = f"""
subscription Follow($id: ID!, $after: String) {{
  jobProgress(jobId: $id, after: $after) {{
    __typename
    ... on StreamEvent {{ position }}
    ... on JobSnapshot {{ job {{ {JOB} }} }}
    ... on JobUpdate {{ job {{ {JOB} }} }}
    ... on JobFinished {{ job {{ {JOB} }} }}
  }}
}}
"""


async def export(user: Client) -> Json:
    """The job."""
    job: Json = (await user.execute(EXPORT)).data["userExport"]["job"]
    return job


async def read(user: Client, job: str) -> Json | None:
    found: Json | None = (await user.execute(READ, id=job)).data["job"]
    return found


async def cancel(user: Client, job: str) -> Json:
    """The member of the union that comes back."""
    found: Json = (await user.execute(CANCEL, id=job)).data["jobCancel"]
    return found


async def until_ended(user: Client, job: str) -> Json:
    found: list[Json | None] = [None]

    async def has_ended() -> bool:
        found[0] = await read(user, job)
        return found[0] is None or found[0]["status"] not in {"QUEUED", "RUNNING"}

    await until(has_ended, seconds=SECONDS)
    assert found[0] is not None
    return found[0]


async def exported(user: Client) -> Json:
    """A job that has succeeded."""
    job = await until_ended(user, (await export(user))["id"])
    assert job["status"] == "SUCCEEDED", job
    return job


async def follow(user: Client, job: str, *, after: str | None = None, most: int | None = None) -> list[Json]:
    """The events until the server completes the stream, or so many."""
    events: list[Json] = []
    async with (
        asyncio.timeout(SECONDS),
        user.socket() as socket,
        aclosing(socket.subscribe(FOLLOW, id=job, after=after)) as stream,
    ):
        async for event in stream:
            events.append(event)
            if len(events) == most:
                break
    return events


async def fetch(url: str, method: str = "GET", **headers: str) -> httpx2.Response:
    async with httpx2.AsyncClient(timeout=30, verify=UNUSED_TLS) as http:
        return await http.request(
            method, url, headers=[(name.encode(), value.encode()) for name, value in headers.items()]
        )


async def files_of(job: Json) -> dict[str, str]:
    """The texts of the job's one artifact, a ZIP file, by their names."""
    (artifact,) = job["artifacts"]
    answer = await fetch(artifact["url"])
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def parsed(files: dict[str, str]) -> dict[str, Any]:
    return {name: json.loads(text) for name, text in files.items() if name.endswith(".json")}
