"""All generated operations against one server, a few at a time, and what must hold of the server afterwards."""

import asyncio
import gc
import json
import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import httpx2
from sqlalchemy import QueuePool, func, select
from websockets.exceptions import ConnectionClosed

from db.models.tables import Base, Message
from services.settings import Settings
from services.wiz.messages import MessageStatus
from tests.client import Json
from tests.conditions import until
from tests.schema.people import Person, signed_in
from tests.server import Server
from tests.stress.figures import Figures
from tests.stress.generation import Generated, Kind
from tests.stress.judging import Reply, codes_of, faults_of_error_list, faults_of_payload, faults_of_text, judge
from tests.stress.log_watch import faults_of_log, watched_log
from tests.stress.requests import Request, prepare
from tests.stress.settling import Settled, settled

LANES = 4
"""Operations at once."""
LARGEST_FRAME = 64 * 1024
STREAM_SECONDS = 0.5
"""How long a stream is watched before its reader goes away, in the middle or not."""
UNFINISHED = (MessageStatus.PENDING, MessageStatus.STREAMING)


@dataclass(kw_only=True, slots=True)
class Campaign:
    people: dict[str, Person]
    http: httpx2.AsyncClient
    figures: Figures
    faults: list[str] = field(default_factory=list[str])

    async def run(self, requests: Sequence[Request]) -> None:
        began = time.monotonic()
        left = iter(requests)
        async with asyncio.TaskGroup() as group:
            for _ in range(LANES):
                group.create_task(self._lane(left))
        self.figures.seconds = time.monotonic() - began

    async def _lane(self, left: Iterator[Request]) -> None:
        for request in left:
            if request.kind is Kind.SUBSCRIPTION:
                await self._subscribe(request)
            else:
                await self._post(request)

    async def _post(self, request: Request) -> None:
        client = self.people[request.caller].client
        headers = {"Content-Type": "application/json", "Accept": request.accept, **client.headers}
        content = request.text
        began = time.perf_counter()
        response = await self.http.post(f"{client.url}/graphql", content=content, headers=headers)
        milliseconds = (time.perf_counter() - began) * 1000
        reply = Reply(
            status=response.status_code, headers=response.headers, text=response.text, milliseconds=milliseconds
        )
        verdict = judge(request, reply)
        figures = self.figures
        (figures.milliseconds_with_password if request.takes_password else figures.milliseconds).append(milliseconds)
        self._note(request, verdict.codes, verdict.faults)
        await self._return(request.caller, verdict.codes)

    async def _subscribe(self, request: Request) -> None:
        """On a connection of its own, as long as it lasts or until it has been watched long enough."""
        person = self.people[request.caller]
        frame = json.dumps({"id": "1", "type": "subscribe", "payload": request.body})
        messages: list[Json] = []
        try:
            async with person.client.socket() as socket:
                await socket.connection.send(frame)
                with suppress(TimeoutError):
                    async with asyncio.timeout(STREAM_SECONDS):
                        while not messages or messages[-1]["type"] == "next":
                            messages.append(await socket.receive())
        except ConnectionClosed as closed:
            codes, faults = self._closed(request, closed, len(frame))
        else:
            codes, faults = _judged_messages(request, messages)
        self._note(request, codes, faults)
        await self._return(request.caller, codes)

    async def _return(self, name: str, codes: Sequence[str]) -> None:
        """Among the operations are those that end the caller's session; all later ones would only be refused."""
        person = self.people[name]
        if person.kind == "user" and "UNAUTHENTICATED" in codes:
            self.people[name] = await signed_in(person)

    def _closed(self, request: Request, closed: ConnectionClosed, size: int) -> tuple[list[str], list[str]]:
        code = closed.rcvd.code if closed.rcvd else None
        may_be_refused = request.caller == "bad token" or self.people[request.caller].kind == "user"
        if may_be_refused and code == 4403:
            return ["UNAUTHENTICATED"], []
        is_too_large = code == 1009 and size > LARGEST_FRAME
        return [], [] if is_too_large else [f"closed with {code}"]

    def _note(self, request: Request, codes: list[str], faults: list[str]) -> None:
        self.figures.count(request.kind, codes)
        self.faults.extend(f"{fault} ← {request}" for fault in faults)


def _judged_messages(request: Request, messages: list[Json]) -> tuple[list[str], list[str]]:
    codes: list[str] = []
    faults: list[str] = []
    for message in messages:
        match message:
            case {"type": "next", "payload": payload}:
                faults += faults_of_payload(payload, None)
                codes += codes_of(payload.get("errors") or [])
            case {"type": "error", "payload": errors}:
                faults += faults_of_error_list(errors, None)
                codes += codes_of(errors)
            case {"type": "complete" | "ping"}:
                pass
            case _:
                faults.append(f"no message of the protocol: {message}")
    return sorted(set(codes)), [*faults, *faults_of_text(request, json.dumps(messages))]


async def campaign(settings: Settings, database: str, generated: Sequence[Generated]) -> tuple[Figures, list[str]]:
    """Figures and faults. Raises TimeoutError when the server does not come to rest afterwards."""
    figures = Figures(database=database)
    async with settled(settings) as world:
        requests = prepare(generated, world.known)
        await _at_rest(world.server)
        before, tasks = await _rows(world.server), len(asyncio.all_tasks())
        async with httpx2.AsyncClient(timeout=30) as http:
            run = Campaign(people=dict(world.people), http=http, figures=figures)
            with watched_log() as log, _memory_set_aside():
                await run.run(requests)
                await _at_rest(world.server, tasks=tasks)
        figures.rows = await _rows(world.server) - before
        await _still_answers(world)
    return figures, [*run.faults, *faults_of_log(log)]


@contextmanager
def _memory_set_aside() -> Generator[None]:
    """What the tests hold in memory is not for the server to look through, again and again."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


async def _still_answers(world: Settled) -> None:
    people = [await signed_in(world.people["user A"]), world.people["guest A"], world.people["nobody"]]
    for person in people:
        answer = await person.client.execute("{ viewer { kind } server { version } }")
        assert answer.data["viewer"]["kind"]


async def _at_rest(server: Server, *, tasks: int | None = None) -> None:
    """Once nobody follows anything, no reply is being written, and no connection and no task is left of what was asked."""
    services = server.services
    engines = services.database._engines
    pools = [pool for pool in (engines.reading.pool, engines.writing.pool) if isinstance(pool, QueuePool)]

    async def is_idle() -> bool:
        async with services.database.read() as reader:
            unfinished = await reader.scalar(select(func.count()).where(Message.status.in_(UNFINISHED)))
        return (
            not unfinished
            and not services.readiness._log._feeds
            and not any(pool.checkedout() for pool in pools)
            and (tasks is None or len(asyncio.all_tasks()) <= tasks)
        )

    await until(is_idle, seconds=30)


async def _rows(server: Server) -> Counter[str]:
    async with server.services.database.read(snapshot=True) as reader:
        return Counter(
            {
                table.name: await reader.scalar(select(func.count()).select_from(table)) or 0
                for table in Base.metadata.sorted_tables
            }
        )
