"""A server with everything on it that generated operations can find: people, their notes and conversations, and a worker."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2
from pydantic import SecretStr

from services.rates import Rate
from services.settings import Settings
from tests.schema.kept_client import KeptClient
from tests.schema.people import (
    ADMIN_TOKEN,
    Person,
    begin_conversation,
    email_of,
    gather_people,
    send_message,
    sign_in,
    take_note,
)
from tests.server import PASSWORD, Server, serving
from tests.stress.values import Known

LECTURE, UNREADY = "sample-tide", "unready-001"
SESSIONS = 20
MANY = 1_000_000

FIND = """query Find($youtube: String!) {
  video(by: {youtube: $youtube}) {
    id
    notes(first: 1) { pageInfo { endCursor } }
    conversations(first: 1) { pageInfo { endCursor } }
    transcript(first: 3) { pageInfo { endCursor } }
  }
}"""
WHO = "{ viewer { user { id } } }"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    server: Server
    people: Mapping[str, Person]
    known: Mapping[str, Known]
    """What each of the people knows, by their names."""


@asynccontextmanager
async def settled(settings: Settings) -> AsyncGenerator[Settled]:
    """Without throttles and quotas, which would soon end everything else."""
    changes = {
        "admin_token": SecretStr(ADMIN_TOKEN),
        "wiz_user_daily_quota": MANY,
        "wiz_guest_daily_quota": MANY,
        "rate_limit_enabled": False,
        "socket_messages": Rate(MANY, 1),
        "sockets_per_address": MANY,
        "sockets_per_viewer": MANY,
    }
    async with (
        serving(settings.model_copy(update=changes)) as server,
        httpx2.AsyncClient(timeout=30) as http,
    ):
        nobody = KeptClient(url=server.url, http=http)
        people = await gather_people(nobody)
        for person in people.values():
            if person.kind in {"guest", "user"}:
                await _settle(person)
        yield Settled(server=server, people=people, known=await _knowledge(nobody, people))


async def _settle(person: Person) -> None:
    person.ids["conversation"] = await begin_conversation(person, LECTURE)
    person.ids["question"], person.ids["reply"] = await send_message(person, person.ids["conversation"])
    person.ids["on unready"] = await begin_conversation(person, UNREADY)
    if person.kind == "user":
        person.ids["note"] = await take_note(person, LECTURE)
        person.ids["note on unready"] = await take_note(person, UNREADY)
        who = await person.client.execute(WHO)
        person.ids["user"] = who.data["viewer"]["user"]["id"]


async def _knowledge(nobody: KeptClient, people: Mapping[str, Person]) -> dict[str, Known]:
    found = [(await people["user A"].client.execute(FIND, youtube=one)).data["video"] for one in (LECTURE, UNREADY)]
    lists = [video[name] for video in found for name in ("notes", "conversations", "transcript")]
    cursors = [one["pageInfo"]["endCursor"] for one in lists]
    videos = [video["id"] for video in found]
    tokens = [(await sign_in(nobody, people["entrant"]))["refreshToken"] for _ in range(SESSIONS)]
    everything = [*videos, *(one for person in people.values() for one in person.ids.values())]
    return {
        name: Known(
            own_ids=_by_type(person.ids, videos),
            all_ids=everything,
            cursors=[cursor for cursor in cursors if cursor],
            refresh_tokens=tokens,
            emails=[email_of(one) for one in ("entrant", "user A", "nobody")],
            password=PASSWORD,
        )
        for name, person in people.items()
    }


def _by_type(ids: Mapping[str, str], videos: list[str]) -> dict[str, list[str]]:
    named = {
        "Conversation": ["conversation", "on unready"],
        "Message": ["question", "reply"],
        "Note": ["note", "note on unready"],
        "User": ["user"],
    }
    found = {type_: [ids[name] for name in names if name in ids] for type_, names in named.items()}
    return {"Video": videos, **{type_: own for type_, own in found.items() if own}}
