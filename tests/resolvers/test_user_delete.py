"""`userDelete`: nothing is left of the user, anywhere, and nobody else loses anything."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import pytest
import websockets
from sqlalchemy import select, update
from structlog.testing import capture_logs

from db import clock
from db.models.tables import AuditEvent, Upload, User
from services.settings import Settings
from services.storage.sweep import ARRIVING_SECONDS
from tests import notes
from tests.accounts import VIEWER, member, problems, refresh, register, sign_in, succeeded
from tests.accounts_with_everything import TAKE_NOTE, Account, dump, make_account, tables_of_users, traces
from tests.client import Answer, Client
from tests.conditions import until
from tests.conversations import FOLLOW, SEND, ask, converse
from tests.doubles.halting_storage import HaltingStorage
from tests.doubles.scripted_model import ScriptedModel
from tests.exporting import blobs, exporting, folder_of, sweep
from tests.jobs import EXPORT, export, fetch
from tests.server import PASSWORD, Server, serving
from tests.uploads import create

pytestmark = pytest.mark.asyncio

REVOKED_SECONDS = 5.0
DELETE = """
mutation Delete($input: UserDeleteInput!) {
  userDelete(input: $input) {
    __typename
    ... on UserDeleteSuccess { email }
    ... on UserError { message }
    ... on InvalidInput { problems { path code message } }
  }
}
"""


async def delete(user: Client, email: str, password: str | None = PASSWORD) -> Answer:
    return await user.execute(DELETE, input={"confirmEmail": email, "password": password})


async def deleted(account: Account) -> None:
    found = member(await delete(account.user, account.email))
    assert found == {"__typename": "UserDeleteSuccess", "email": account.email}


async def expire_uploads_of_nobody(server: Server) -> None:
    """As if the time in which their files may be sent had passed."""
    async with server.services.database.write() as tx:
        ownerless = update(Upload).where(Upload.user_id.is_(None))
        await tx.execute(ownerless.values(expires_at=clock.seconds_from_now(-ARRIVING_SECONDS - 1)))


async def test_nothing_is_left(idle_server: Server, settings: Settings) -> None:
    ada = await make_account(idle_server, "ada")
    before = await dump(idle_server)
    # Whoever adds a table that refers to users puts a row into it for this test.
    assert {name for name in tables_of_users() if not before[name]} == set()
    assert {trace.partition(":")[0] for trace in traces(before, ada)} >= {"tasks", "quota_counters", "audit_events"}
    assert any(f"user:{ada.id}:prompts" in str(row) for row in before["quota_counters"])
    assert len(blobs(settings)) == 4
    await deleted(ada)
    after = await dump(idle_server)
    assert traces(after, ada) == []
    left = {name: after[name] for name in tables_of_users() - {"audit_events", "uploads"} if after[name]}
    assert {row[1] for row in left.pop("search_entries")} == {"TRANSCRIPT"}  # which are everybody's
    assert left == {}
    topics = {str(row[0]) for name in ("events", "event_topics") for row in after[name]}
    assert topics == {"video:1"}
    await expire_uploads_of_nobody(idle_server)
    await sweep(idle_server)
    assert blobs(settings) == []
    swept = await dump(idle_server)
    assert (swept["uploads"], swept["blob_removals"]) == ([], [])


async def test_an_upload_is_nobodys_until_no_file_can_arrive_any_more(idle_server: Server, settings: Settings) -> None:
    ada = await make_account(idle_server, "ada")
    late = await create(ada.user)
    await deleted(ada)
    told = select(Upload.user_id, Upload.filename, Upload.state)
    async with idle_server.services.database.read() as reader:
        assert set(await reader.all(told)) == {(None, "", "CLAIMED")}
    assert (await late.put()).status_code == 409
    await sweep(idle_server)
    assert blobs(settings) == []
    assert len((await dump(idle_server))["uploads"]) == 2
    await expire_uploads_of_nobody(idle_server)
    await sweep(idle_server)
    assert (await dump(idle_server))["uploads"] == []


async def test_the_audit_log_tells_that_it_was_and_not_of_whom(idle_server: Server) -> None:
    ada = await make_account(idle_server, "ada")
    told = select(AuditEvent.kind, AuditEvent.user_id, AuditEvent.address).order_by(AuditEvent.id)
    async with idle_server.services.database.read() as reader:
        before = [kind for kind, _, _ in await reader.all(told)]
    await deleted(ada)
    async with idle_server.services.database.read() as reader:
        assert await reader.all(told) == [(kind, None, None) for kind in [*before, "USER_DELETED"]]


async def test_nobody_else_loses_anything(idle_server: Server) -> None:
    ben = await make_account(idle_server, "ben")
    before = await dump(idle_server)
    theirs = traces(before, ben)
    ada = await make_account(idle_server, "ada")
    await deleted(ada)
    await expire_uploads_of_nobody(idle_server)
    await sweep(idle_server)
    after = await dump(idle_server)
    assert traces(after, ben) == theirs
    for table in (*sorted(tables_of_users() - {"audit_events"}), "videos", "tasks", "quota_counters"):
        # Of the other's only the time of its last use may have moved on.
        assert len(after[table]) == len(before[table]), table
    assert (await fetch(ben.file)).status_code == 200


async def reason(client: Client) -> str:
    answer = await client.execute(VIEWER)
    assert answer.code == "UNAUTHENTICATED"
    found: str = answer.error["extensions"]["details"]["reason"]
    return found


async def test_nothing_of_the_user_is_accepted_any_more(idle_server: Server, settings: Settings) -> None:
    ada = await make_account(idle_server, "ada")
    second = Client(
        url=idle_server.url, token=succeeded(await sign_in(idle_server.nobody, ada.email))["tokens"]["accessToken"]
    )
    async with serving(settings, work=False) as other, second.socket() as socket:
        elsewhere = Client(url=other.url, token=ada.user.token)
        assert (await elsewhere.execute(VIEWER)).data["viewer"]["user"]["email"] == ada.email
        await deleted(ada)
        # Here at once, and in other processes in less than five seconds.
        assert await reason(ada.user) == await reason(second) == "REVOKED"

        async def is_refused_elsewhere() -> bool:
            return "errors" in (await elsewhere.execute(VIEWER)).body

        await until(is_refused_elsewhere, seconds=REVOKED_SECONDS)
        assert await reason(elsewhere) == "REVOKED"
        with pytest.raises(websockets.ConnectionClosed) as closed:
            async with asyncio.timeout(REVOKED_SECONDS):
                await socket.receive()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4403
    assert member(await refresh(idle_server.nobody, ada.refresh_token))["__typename"] == "InvalidRefreshToken"
    assert member(await sign_in(idle_server.nobody, ada.email))["__typename"] == "InvalidCredentials"
    assert (await fetch(ada.file)).status_code == 404
    again = succeeded(await register(idle_server.nobody, ada.email))
    asked = "{ viewer { user { notes { totalCount } conversations { totalCount } jobs { totalCount } } } }"
    anew = Client(url=idle_server.url, token=again["tokens"]["accessToken"])
    assert set(map(str, (await anew.execute(asked)).data["viewer"]["user"].values())) == {"{'totalCount': 0}"}
    assert await reason(ada.user) == "REVOKED"


@pytest.mark.parametrize(
    ("email", "password", "refused"),
    [
        ("ben@example.com", PASSWORD, [("confirmEmail", "INVALID_FORMAT")]),
        ("", PASSWORD, [("confirmEmail", "INVALID_FORMAT")]),
        ("\0", PASSWORD, [("confirmEmail", "INVALID_CHARACTER")]),
        ("ada@example.com", None, [("password", "REQUIRED")]),
        ("ada@example.com", "", [("password", "REQUIRED")]),
        ("ben@example.com", "x" * 1025, [("confirmEmail", "INVALID_FORMAT"), ("password", "TOO_LONG")]),
    ],
)
async def test_a_wrong_input_changes_nothing(
    idle_server: Server, email: str, password: str | None, refused: list[tuple[str, str]]
) -> None:
    user = await idle_server.user("ada@example.com")
    before = await dump(idle_server)
    assert problems(await delete(user, email, password)) == refused
    assert await dump(idle_server) == before


async def test_a_wrong_password_changes_nothing(idle_server: Server) -> None:
    user = await idle_server.user("ada@example.com")
    before = await dump(idle_server)
    assert member(await delete(user, "ada@example.com", "wrong horse"))["__typename"] == "InvalidCredentials"
    assert await dump(idle_server) == before


async def test_the_address_however_it_is_typed(idle_server: Server) -> None:
    user = await idle_server.user("ada@example.com")
    assert member(await delete(user, " ADA@Example.COM "))["__typename"] == "UserDeleteSuccess"


async def test_without_a_password_none_is_asked_for(idle_server: Server) -> None:
    """As for an account that signs in with Google only."""
    user = await idle_server.user("ada@example.com")
    async with idle_server.services.database.write() as tx:
        await tx.execute(update(User).values(password_hash=None))
    assert member(await delete(user, "ada@example.com", None))["__typename"] == "UserDeleteSuccess"


async def test_guesses_are_throttled_by_session(settings: Settings) -> None:
    """A thief of one access token cannot keep the owner from deleting the account by another session."""
    throttled = settings.model_copy(update={"rate_limit_enabled": True})
    async with serving(throttled, work=False) as server:
        thief = await server.user("ada@example.com")
        token = succeeded(await sign_in(server.nobody))["tokens"]["accessToken"]
        answers = [await delete(thief, "ada@example.com", "wrong horse") for _ in range(11)]
        assert [member(answer)["__typename"] for answer in answers[:10]] == ["InvalidCredentials"] * 10
        assert answers[10].code == "RATE_LIMITED"
        assert (await delete(thief, "ada@example.com")).code == "RATE_LIMITED"
        owner = Client(url=server.url, token=token)
        assert member(await delete(owner, "ada@example.com"))["__typename"] == "UserDeleteSuccess"


async def test_of_several_at_once_one_deletes(idle_server: Server) -> None:
    user = await idle_server.user("ada@example.com")
    answers = await asyncio.gather(*(delete(user, "ada@example.com") for _ in range(6)))
    told = Counter(answer.code if "errors" in answer.body else str(member(answer)["__typename"]) for answer in answers)
    assert told["UserDeleteSuccess"] == 1
    assert set(told) <= {"UserDeleteSuccess", "UNAUTHENTICATED", "TIMEOUT"}


async def test_guests_have_no_account(idle_server: Server) -> None:
    assert (await delete(idle_server.guest(), "ada@example.com")).code == "UNAUTHENTICATED"


def complaints(logs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [line for line in logs if line["log_level"] in {"error", "critical"}]


async def test_a_reply_that_is_being_written(settings: Settings) -> None:
    """The model is stopped, and the worker ends quietly, leaving nothing."""
    model = ScriptedModel(["High ", asyncio.Event()])
    async with serving(settings, model=model) as server:
        user = await server.user("ada@example.com")
        reply = await ask(user, await converse(user))
        async with user.socket() as socket, aclosing(socket.subscribe(FOLLOW, id=reply)) as events:
            async for event in events:
                if event["__typename"] == "ReplyDelta" or event.get("text"):
                    break
            with capture_logs() as logs:
                assert member(await delete(user, "ada@example.com"))["__typename"] == "UserDeleteSuccess"

                async def is_stopped() -> bool:
                    return model.closed == 1 and any(line["event"] == "task.lease_lost" for line in logs)

                await until(is_stopped)
        assert complaints(logs) == []
        rows = await dump(server)
        assert [name for name in ("messages", "tasks", "events", "event_topics", "quota_counters") if rows[name]] == []


async def test_an_export_that_is_being_stored(idle_server: Server, settings: Settings) -> None:
    """Its file arrives after the account is gone, and is removed all the same."""
    user = await idle_server.user("ada@example.com")
    await export(user)
    storage = HaltingStorage(folder_of(settings))
    async with exporting(idle_server, storage):
        await storage.reached.wait()
        with capture_logs() as logs:
            assert member(await delete(user, "ada@example.com"))["__typename"] == "UserDeleteSuccess"
            await sweep(idle_server)
            storage.go_on.set()

            async def has_ended() -> bool:
                return any(line["event"] == "task.lease_lost" for line in logs)

            await until(has_ended)
    assert complaints(logs) == []
    rows = await dump(idle_server)
    assert [name for name in ("jobs", "artifacts", "tasks", "events", "event_topics") if rows[name]] == []
    await sweep(idle_server)
    assert blobs(settings) == []


Act = Callable[[Client], Awaitable[Answer]]
ENDS = ("UNAUTHENTICATED", "InvalidCredentials", "InvalidRefreshToken")


@dataclass(slots=True)
class Busy:
    """A client that does one thing over and over, until it is told that there is no such user any more."""

    act: Act
    client: Client
    done: int = 0

    async def run(self) -> None:
        while True:
            answer = await self.act(self.client)
            self.done += 1
            if any(end in str(answer.body) for end in ENDS):
                return


async def rework_a_note(client: Client) -> Answer:
    """Taken, changed and deleted."""
    taken = await client.execute(TAKE_NOTE, text="Two bulges")
    if "errors" in taken.body:
        return taken
    note = taken.data["noteCreate"]["note"]["id"]
    changed = await client.execute(notes.CHANGE, id=note, patch={"text": "Two tides"})
    return changed if "errors" in changed.body else await client.execute(notes.DELETE, id=note)


def things_to_do(email: str, conversation: str) -> list[Act]:
    question = {"conversationId": conversation, "text": "Why does the tide come later each day?"}
    return [
        lambda client: client.execute(TAKE_NOTE, text="Two bulges"),
        rework_a_note,
        lambda client: client.execute(SEND, input=question),
        lambda client: client.execute(EXPORT),
        lambda client: sign_in(client, email),
    ]


async def test_amid_all_that_the_user_does(settings: Settings) -> None:
    """Whatever is under way when the account goes is done before it or not at all, and nothing of it is left."""
    model = ScriptedModel(["High ", "water ", "again."])
    lavish = settings.model_copy(update={"wiz_user_daily_quota": 1_000})
    async with serving(lavish, model=model) as server, serving(lavish, model=model) as other:
        for number in range(3):
            email = f"ada{number}@example.com"
            token = succeeded(await register(server.nobody, email))["tokens"]["accessToken"]
            clients = [Client(url=one.url, token=token) for one in (server, other)]
            acts = things_to_do(email, await converse(clients[0]))
            busy = [Busy(act, client) for act in acts for client in clients]

            async def all_at_work(busy: list[Busy] = busy) -> bool:
                return all(one.done for one in busy)

            async with asyncio.timeout(60), asyncio.TaskGroup() as group:
                for one in busy:
                    group.create_task(one.run())
                await until(all_at_work, seconds=30)
                assert member(await delete(clients[0], email))["__typename"] == "UserDeleteSuccess"
        rows = await dump(server)
        shared = {"audit_events", "blob_removals", "search_entries"}
        assert [name for name in tables_of_users() - shared if rows[name]] == []
        assert [row for row in rows["search_entries"] if "TRANSCRIPT" not in row] == []
        assert rows["quota_counters"] == []
        theirs = [row for name in ("tasks", "events", "event_topics") for row in rows[name] if "video" not in str(row)]
        assert theirs == []
