"""People with things of their own on one server: what a test of access needs to see who gets what of whom."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2
from pydantic import SecretStr
from sqlalchemy import func, select, update

from db.models.tables import Base, Job, Message, Video, VideoPart
from db.outbox import NewEvent
from services.audit import AuditKind
from services.container import open_services
from services.jobs.states import JobStatus
from services.mail.messages import Purpose
from services.settings import Settings
from services.videos.processing import CHANGED, PartState, topic_of
from services.wiz.messages import MessageStatus
from services.wiz.replies import ReplyFailure
from tests.conditions import until
from tests.schema.belongings import (
    announce_file,
    begin_job,
    begin_session,
    fail_a_job,
    find_artifacts,
    go_on_with_a_job,
    keep_notes,
    mail_tokens,
)
from tests.schema.kept_client import KeptClient
from tests.schema.people import (
    ADMIN_TOKEN,
    Person,
    begin_conversation,
    first_position,
    gather_people,
    row_of,
    send_message,
    sign_in,
    stop_reply,
    take_note,
    user_id,
)
from tests.schema.queued import queue_tasks
from tests.server import Server, serving
from tests.servers.google import CLIENT_ID, FakeGoogle, google
from tests.servers.video_search import KEY as SEARCH_KEY
from tests.servers.video_search import video_search

LECTURE = "dQw4w9WgXcQ"
UNREADY = "unready-001"
BROKEN = "broken-0001"
DETAILS = {
    "uploader": "VidWiz",
    "duration": 600,
    "view_count": 3_000_000_000,
    "like_count": 7,
    "upload_date": "20240229",
}

MESSAGES_SENT = 4
"""By each, before a test begins; the quota allows one more, and one of them is stopped, which may give it back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    server: Server
    nobody: KeptClient
    people: Mapping[str, Person]
    videos: Mapping[str, str]
    """The id of each by its YouTube id: LECTURE, UNREADY and BROKEN."""
    lecture_position: str
    """Of the lecture's stream, with something after it."""
    refresh_tokens: list[str]
    """Of the entrant, each unused."""
    mailed_tokens: Mapping[Purpose, list[str]]
    """Each unused, of users who are none of the people."""
    tasks: Mapping[str, str]
    """Ids of tasks of nobody's among the people, by how they stand."""
    google: FakeGoogle
    """By which the entrant may come in, too."""

    async def dump(self) -> dict[str, list[tuple[object, ...]]]:
        """Every row of every table, but for what the acts of operators leave in the audit log, whatever comes of them."""
        async with self.server.services.database.read(snapshot=True) as reader:
            rows = {table.name: await reader.all(select(table)) for table in Base.metadata.sorted_tables}
        return {
            name: sorted((tuple(row) for row in found if AuditKind.ADMIN_ACTED not in row), key=repr)
            for name, found in rows.items()
        }


@asynccontextmanager
async def inhabited(settings: Settings, *, entries: int = 0) -> AsyncGenerator[World]:
    """The server does no tasks, so that nothing changes unless a test changes it. The entrant has `entries` sessions more."""
    with google() as fake, video_search() as search:
        changes = {"youtube_api_key": SecretStr(SEARCH_KEY), "youtube_api_origin": search.origin}
        async with _inhabited(settings.model_copy(update=changes), fake, entries) as world:
            yield world


@asynccontextmanager
async def _inhabited(settings: Settings, fake: FakeGoogle, entries: int) -> AsyncGenerator[World]:
    changes = {
        "google_client_id": CLIENT_ID,
        "google_keys_url": fake.keys_url,
        "admin_token": SecretStr(ADMIN_TOKEN),
        "wiz_user_daily_quota": MESSAGES_SENT + 1,
        "wiz_guest_daily_quota": MESSAGES_SENT + 1,
        # Every field of the schema is asked for at once here.
        **dict.fromkeys(("query_max_aliases", "query_max_nodes", "query_max_nodes_signed_out"), 100_000),
    }
    settings = settings.model_copy(update=changes)
    async with serving(settings, work=False) as server, httpx2.AsyncClient(timeout=30) as http:
        await _make_lecture(server)
        nobody = KeptClient(url=server.url, http=http)
        people = await gather_people(nobody)
        owners = [person for person in people.values() if person.kind in {"guest", "user"}]
        await asyncio.gather(*(_settle(nobody, person) for person in owners))
        await _let_work(server, settings)
        await asyncio.gather(*(_leave_unfinished(person) for person in owners))
        await _break(server, [person.ids["failed"] for person in owners])
        users = [person for person in owners if person.kind == "user"]
        await find_artifacts(server, users)
        for person in users:
            person.ids["failed job"] = await fail_a_job(server, person)
            await go_on_with_a_job(server, person.ids["pending job"])
        videos = await _videos(people["user A"])
        entered = await asyncio.gather(*(sign_in(nobody, people["entrant"]) for _ in range(entries)))
        yield World(
            server=server,
            nobody=nobody,
            people=people,
            videos=videos,
            lecture_position=await _announce(server, videos[LECTURE]),
            refresh_tokens=[one["refreshToken"] for one in entered],
            mailed_tokens=await mail_tokens(server, entries),
            tasks=await queue_tasks(server, LECTURE),
            google=fake,
        )


async def _make_lecture(server: Server) -> None:
    """A sample becomes a video that has everything a fetched one can have."""
    sample = update(Video).where(Video.youtube_id == "sample-tide")
    async with server.services.database.write() as tx:
        await tx.execute(sample.values(youtube_id=LECTURE, is_sample=False, details=DETAILS))


async def _settle(nobody: KeptClient, person: Person) -> None:
    """A conversation with a question; for a user, one of everything else, too."""
    person.ids["conversation"] = await begin_conversation(person, LECTURE)
    person.ids["question"], person.ids["reply"] = await send_message(person, person.ids["conversation"])
    person.position.append(await first_position(person, person.ids["reply"]))
    if person.kind == "user":
        await keep_notes(person, LECTURE)
        person.ids["user"] = await user_id(person)
        person.ids["session"] = await begin_session(nobody, person)
        person.ids["upload"] = await announce_file(person)
        person.ids["job"], _ = await begin_job(person)


async def _let_work(server: Server, settings: Settings) -> None:
    """Until all replies are written and all jobs done."""
    unwritten = select(func.count()).select_from(Message).where(Message.status != MessageStatus.DONE)
    undone = select(func.count()).select_from(Job).where(Job.status != JobStatus.SUCCEEDED)

    async def done() -> bool:
        async with server.services.database.read() as reader:
            return await reader.scalar(unwritten) == await reader.scalar(undone) == 0

    async with open_services(settings, work=True):
        await until(done, seconds=60)


async def _leave_unfinished(person: Person) -> None:
    person.ids["on unready"] = await begin_conversation(person, UNREADY)
    person.ids["on broken"] = await begin_conversation(person, BROKEN)
    for name in ("stopped", "failed", "pending"):
        _, person.ids[name] = await send_message(person, person.ids["conversation"])
    await stop_reply(person, person.ids["stopped"])
    if person.kind == "user":
        person.ids["pending job"], position = await begin_job(person)
        person.job_position.append(position)
        person.ids["note on broken"] = await take_note(person, BROKEN)


async def _break(server: Server, reply_ids: Iterable[str]) -> None:
    """What a worker does when the network and the model are away."""
    broken = update(VideoPart).where(
        VideoPart.video_id == select(Video.id).where(Video.youtube_id == BROKEN).scalar_subquery()
    )
    failed = update(Message).where(Message.id.in_([row_of(one) for one in reply_ids]))
    async with server.services.database.write() as tx:
        await tx.execute(
            broken.values(state=PartState.FAILED, error_code="UNREACHABLE", error_message="It is away.", attempts=3)
        )
        await tx.execute(failed.values(status=MessageStatus.FAILED, error_code=ReplyFailure.MODEL_UNAVAILABLE))


async def _announce(server: Server, video_id: str) -> str:
    """The position of the first of two changes of the video."""
    topic = topic_of(row_of(video_id))
    async with server.services.database.write() as tx:
        first = await tx.publish(topic, NewEvent(type=CHANGED))
        await tx.publish(topic, NewEvent(type=CHANGED))
    return str(first)


async def _videos(person: Person) -> dict[str, str]:
    find = "query Find($youtube: String!) { video(by: {youtube: $youtube}) { id } }"
    found = {one: await person.client.execute(find, youtube=one) for one in (LECTURE, UNREADY, BROKEN)}
    return {youtube: answer.data["video"]["id"] for youtube, answer in found.items()}
