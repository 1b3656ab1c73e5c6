"""What users have beside notes and conversations: sessions, uploads, jobs and their files."""

from collections.abc import Sequence
from contextlib import aclosing
from io import BytesIO
from uuid import uuid4

from PIL import Image
from sqlalchemy import insert, select, update

from db.models.tables import Artifact, Job, User
from db.queries import mailed_tokens
from schema.types.nodes import global_id
from services.identity.tokens import digest
from services.jobs import states
from services.jobs.states import JobKind, JobStatus
from services.mail.messages import Purpose
from tests import jobs, notes, uploads
from tests.client import Client
from tests.schema.people import Person, row_of, sign_in, take_note
from tests.server import Server

SESSIONS = "{ viewer { user { sessions { nodes { id isCurrent } } } } }"
REFRESH = """mutation Refresh($token: String!) {
  sessionRefresh(input: {refreshToken: $token}) { __typename }
}"""
AN_HOUR = 3600.0
VIDEO_OF = "query VideoOf($id: ID!) { node(id: $id) { ... on Note { video { id } } } }"


async def begin_session(nobody: Client, person: Person) -> str:
    """The id of a session that is not the one they call by, and that was renewed."""
    tokens = await sign_in(nobody, person)
    assert (await nobody.execute(REFRESH, token=tokens["refreshToken"])).data
    found = (await person.client.execute(SESSIONS)).data["viewer"]["user"]["sessions"]["nodes"]
    (other,) = [one["id"] for one in found if not one["isCurrent"]]
    session: str = other
    return session


async def announce_file(person: Person) -> str:
    """An upload whose file has not come."""
    return (await uploads.create(person.client)).id


async def send_picture(person: Person) -> None:
    """An upload whose file has come."""
    picture = BytesIO()
    Image.new("RGB", (64, 64)).save(picture, "PNG")
    upload = await uploads.create(person.client, sizeBytes=len(picture.getvalue()))
    assert (await upload.put(picture.getvalue())).is_success
    person.ids["upload"] = upload.id


async def keep_notes(person: Person, youtube: str) -> None:
    """One note, after the first was deleted; and a position before the one was taken and changed, and the other deleted."""
    first = await take_note(person, youtube)
    video = (await person.client.execute(VIDEO_OF, id=first)).data["node"]["video"]["id"]
    async with person.client.socket() as socket, aclosing(socket.subscribe(notes.FOLLOW, id=video)) as events:
        person.note_position.append((await anext(events))["position"])
    person.ids["note"] = await take_note(person, youtube)
    await notes.change(person.client, {"id": person.ids["note"]}, f"Two bulges and more, {person.canary}")
    await notes.remove(person.client, {"id": first})


async def begin_job(person: Person) -> tuple[str, str]:
    """Its id, and the first position of its stream, before any worker has begun."""
    job: str = (await person.client.execute(jobs.EXPORT)).data["userExport"]["job"]["id"]
    async with person.client.socket() as socket, aclosing(socket.subscribe(jobs.FOLLOW, id=job)) as events:
        return job, (await anext(events))["position"]


async def go_on_with_a_job(server: Server, job: str) -> None:
    """As a worker does that never comes to an end."""
    async with server.services.database.write() as tx:
        assert await states.advance(tx, row_of(job), "EXPORT", 0.5)


async def find_artifacts(server: Server, people: Sequence[Person]) -> None:
    """Of their jobs, which have made one each; each says that a stage made it, as jobs of several stages do."""
    async with server.services.database.write() as tx:
        await tx.execute(update(Artifact).values(stage="EXPORT"))
        for person in people:
            found = await tx.scalar(select(Artifact.id).where(Artifact.job_id == row_of(person.ids["job"])))
            assert found is not None
            person.ids["artifact"] = global_id("Artifact", found)


async def fail_a_job(server: Server, person: Person) -> str:
    failed = {"status": JobStatus.FAILED, "error_code": "TOO_LARGE", "error_message": "It is too large."}
    adding = insert(Job).values(user_id=row_of(person.ids["user"]), kind=JobKind.USER_EXPORT, **failed)
    async with server.services.database.write() as tx:
        added = await tx.scalar(adding.returning(Job.id))
    assert added is not None
    return global_id("Job", added)


async def mail_tokens(server: Server, count: int) -> dict[Purpose, list[str]]:
    """So many of each purpose, each to a user of its own, whom nobody else has to do with."""
    mailed: dict[Purpose, list[str]] = {purpose: [] for purpose in Purpose}
    async with server.services.database.write() as tx:
        for purpose in [*Purpose] * count:
            email, token = f"{uuid4().hex}@example.com", uuid4().hex
            added = await tx.scalar(insert(User).values(email=email).returning(User.id))
            assert added is not None
            await tx.execute(mailed_tokens.add(digest(token), added, purpose, email, AN_HOUR))
            mailed[purpose].append(token)
    return mailed
