"""`userExport`: all that is kept of a user, as one file."""

import asyncio

import pytest
from sqlalchemy import func, select

from db.models.tables import Artifact, AuditEvent, BlobRemoval, Job, RefreshToken, Task, User
from services.exports import contents
from services.settings import Settings
from services.tasks import lanes
from tests.accounts import register, succeeded
from tests.client import Client
from tests.conversations import ask, converse
from tests.conversations import until_ended as until_reply_ended
from tests.exporting import blobs, sweep
from tests.jobs import export, exported, fetch, files_of, parsed, read, until_ended
from tests.resolvers.stored import StoredVideo, store, store_notes, user_id_of
from tests.server import PASSWORD, Server, serving

pytestmark = pytest.mark.asyncio

NOTE = 'He said: "two bulges" 🌊'
QUESTION = "Why does the tide come later each day?"
TAKE_NOTE = """
mutation Take($text: String!) {
  noteCreate(input: {video: {youtube: "sample-tide"}, timestamp: "1:05", text: $text}) {
    ... on NoteCreateSuccess { note { id } }
  }
}
"""
FORGOTTEN = """
mutation Forgotten($input: PasswordResetRequestInput!) { passwordResetRequest(input: $input) { __typename } }
"""
ADD_VIDEO = (
    'mutation { videoAdd(input: {video: {youtube: "sample-tide"}}) { ... on VideoAddSuccess { video { id } } } }'
)


async def make_history(server: Server) -> tuple[Client, list[str]]:
    """A user with a thing of every kind, and the user's tokens."""
    tokens = succeeded(await register(server.nobody, "ada@example.com"))["tokens"]
    user = Client(url=server.url, token=tokens["accessToken"])
    await user.execute(TAKE_NOTE, text=NOTE)
    await user.execute(ADD_VIDEO)
    conversation = await converse(user)
    await ask(user, conversation, QUESTION)
    await until_reply_ended(user, conversation)
    return user, [tokens["accessToken"], tokens["refreshToken"]]


async def test_holds_all_that_is_kept(server: Server) -> None:
    user, _ = await make_history(server)
    job = await exported(user)
    assert (job["kind"], job["progress"], job["error"]) == ("USER_EXPORT", 1.0, None)
    (artifact,) = job["artifacts"]
    assert (artifact["name"], artifact["contentType"]) == ("vidwiz-export.zip", "application/zip")
    files = await files_of(job)
    assert set(files) == set(contents.FILES)
    held = parsed(files)
    assert held["profile.json"]["profile"]["email"] == "ada@example.com"
    assert held["profile.json"]["settings"]["aiNotesEnabled"] is True
    assert [used["used"] for used in held["profile.json"]["messagesADay"]] == [1]
    assert [(note["text"], note["youtubeId"]) for note in held["notes.json"]] == [(NOTE, "sample-tide")]
    assert [video["youtubeId"] for video in held["videos.json"]] == ["sample-tide"]
    (conversation,) = held["conversations.json"]
    question, reply = held["messages.json"]
    assert {question["conversationId"], reply["conversationId"]} == {conversation["id"]}
    assert (question["role"], question["content"]) == ("USER", QUESTION)
    assert reply["content"]
    assert reply["citations"]
    assert len(held["sessions.json"]) == 1
    assert {event["kind"] for event in held["audit.json"]} >= {"USER_EXPORTED"}
    assert [one["kind"] for one in held["jobs.json"]] == ["USER_EXPORT"]


async def test_holds_no_secret(server: Server) -> None:
    user, tokens = await make_history(server)
    text = "\n".join((await files_of(await exported(user))).values())
    async with server.services.database.read() as reader:
        secrets = [*tokens, PASSWORD]
        secrets += [one for (one,) in await reader.all(select(User.password_hash)) if one]
        secrets += [one for (one,) in await reader.all(select(RefreshToken.token_hash))]
    assert len(secrets) >= 5
    assert [secret for secret in secrets if secret in text] == []


async def test_holds_nothing_of_anybody_else(server: Server) -> None:
    await make_history(server)
    stranger = await server.user("ben@example.com")
    held = parsed(await files_of(await exported(stranger)))
    empty = [name for name in contents.TABLES if held[name] == []]
    assert empty == ["videos.json", "notes.json", "conversations.json", "messages.json", "uploads.json"]
    assert "ada@example.com" not in str(held)


async def test_every_row_of_many_pages(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "PAGE_ROWS", 7)
    user = await server.user()
    videos = await store(server, StoredVideo(), StoredVideo())
    ids = await store_notes(server, await user_id_of(user), videos, each=14)
    held = parsed(await files_of(await exported(user)))
    assert [note["id"] for note in held["notes.json"]] == sorted(ids)


async def test_one_at_a_time(settings: Settings) -> None:
    """Of many at once all get the same job; when it has ended, there may be another."""
    async with serving(settings, work=False) as server, serving(settings, work=False) as other:
        user = await server.user()
        elsewhere = Client(url=other.url, token=user.token)
        jobs = await asyncio.gather(*(export(one) for one in (user, elsewhere) * 10))
        assert len({job["id"] for job in jobs}) == 1
        assert {job["status"] for job in jobs} == {"QUEUED"}
        stranger = await server.user()
        assert (await export(stranger))["id"] != jobs[0]["id"]
        async with server.services.database.read() as reader:
            assert await reader.scalar(select(func.count()).select_from(Job)) == 2
            tasks = select(func.count()).select_from(Task).where(Task.kind == "export_user")
            assert await reader.scalar(tasks) == 2
            told = select(func.count()).select_from(AuditEvent).where(AuditEvent.kind == "USER_EXPORTED")
            assert await reader.scalar(told) == 2
        async with serving(settings):
            await until_ended(user, jobs[0]["id"])
        assert (await export(user))["id"] != jobs[0]["id"]


async def test_leaves_nothing_reserved(server: Server) -> None:
    await exported(await server.user())
    async with server.services.database.read() as reader:
        assert await reader.all(select(BlobRemoval.storage_key)) == []
        key = await reader.scalar(select(Artifact.storage_key))
    assert key is not None
    assert (await server.services.storage.stat(key)).size_bytes > 0


async def test_takes_the_place_of_the_one_before(server: Server, settings: Settings) -> None:
    user, stranger = await server.user(), await server.user()
    first, theirs = await exported(user), await exported(stranger)
    second = await exported(user)
    assert (await fetch(first["artifacts"][0]["url"])).status_code == 404
    kept = await read(user, first["id"])
    assert kept is not None
    assert (kept["status"], kept["artifacts"]) == ("SUCCEEDED", [])
    assert await files_of(second)
    assert await files_of(theirs)
    await sweep(server)
    async with server.services.database.read() as reader:
        keys = [key for (key,) in await reader.all(select(Artifact.storage_key))]
    assert len(keys) == 2
    assert blobs(settings) == sorted(keys)


async def test_no_mail_waits_for_it(settings: Settings) -> None:
    """A worker that does nothing else has the export in a lane of its own."""
    async with serving(settings, work=False) as server:
        user = await server.user("ada@example.com")
        await export(user)
        await server.nobody.execute(FORGOTTEN, input={"email": "ada@example.com"})
        async with server.services.database.read() as reader:
            lanes_of = dict(await reader.all(select(Task.kind, Task.lane)))
    assert lanes_of.pop("export_user") == lanes.EXPORTS
    assert lanes_of
    assert set(lanes_of.values()) == {lanes.ACCOUNTS}


async def test_is_a_matter_of_its_owner(server: Server) -> None:
    owner, stranger = await server.user(), await server.user()
    job = await exported(owner)
    assert await read(stranger, job["id"]) is None
    asked = "query Asked($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    ids = [job["id"], job["artifacts"][0]["id"]]
    assert (await stranger.execute(asked, ids=ids)).data["nodes"] == [None, None]
    assert [one["id"] for one in (await owner.execute(asked, ids=ids)).data["nodes"]] == ids
    assert (await server.guest().execute("mutation { userExport { __typename } }")).code == "UNAUTHENTICATED"
