"""Guest sessions: minted and signed, hard to guess, and claimed by whoever signs in."""

import asyncio
import secrets
from base64 import urlsafe_b64encode
from contextlib import aclosing

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from websockets.exceptions import ConnectionClosed

from db.models.tables import AuditEvent, Base, Conversation
from services.audit import AuditKind
from services.errors import Unauthenticated, UnauthenticatedReason
from services.identity.keys import Keyring
from services.identity.viewers import ViewerKind
from services.rates import Rate
from services.settings import Settings
from services.wiz import replies
from tests.accounts import viewer
from tests.client import Answer, Client, Json, StreamRefused
from tests.conversations import (
    FOLLOW,
    READ,
    Reading,
    ask,
    converse,
    follow,
    messages,
    never,
    quota_used,
    send,
    stop,
    until_ended,
)
from tests.doubles.scripted_model import ScriptedModel
from tests.server import Server, serving

pytestmark = pytest.mark.asyncio

CREATE = "mutation { guestSessionCreate { ... on GuestSessionCreateSuccess { guestSessionId } } }"
CLAIM = """
mutation Claim($id: String!) {
  guestConversationsClaim(input: {guestSessionId: $id}) {
    __typename
    ... on GuestConversationsClaimSuccess { claimedCount user { id conversations { totalCount nodes { id } } } }
    ... on InvalidInput { problems { path code message } }
  }
}
"""
sqlite_alone = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


async def minted(server: Server) -> Client:
    """A new guest, with an id of the server's making."""
    answer = await server.nobody.execute(CREATE)
    return server.guest(answer.data["guestSessionCreate"]["guestSessionId"])


async def claim(client: Client, guest: Client) -> Json:
    assert guest.guest
    found: Json = (await client.execute(CLAIM, id=guest.guest)).data["guestConversationsClaim"]
    return found


async def dump(server: Server) -> str:
    """Everything that is stored."""
    async with server.services.database.read() as reader:
        return repr([await reader.all(select(table)) for table in Base.metadata.sorted_tables])


async def log_of_claims(server: Server) -> list[dict[str, object]]:
    wanted = select(AuditEvent.details).where(AuditEvent.kind == AuditKind.GUEST_CLAIMED)
    async with server.services.database.read() as reader:
        return [details for (details,) in await reader.all(wanted)]


async def test_a_minted_id_is_a_guest_of_which_nothing_is_stored(idle_server: Server) -> None:
    guest = await minted(idle_server)
    assert guest.guest
    name, _, signature = guest.guest.partition(".")
    assert (name[:4], len(name), len(signature)) == ("vwg_", 26, 43)
    conversation = await converse(guest)
    assert (await viewer(guest))["kind"] == "GUEST"
    assert (await guest.execute(READ, id=conversation)).data["conversation"]["id"] == conversation
    stored = await dump(idle_server)
    assert name not in stored
    assert signature not in stored


@sqlite_alone
async def test_minted_ids_are_all_different(idle_server: Server) -> None:
    ids = {(await minted(idle_server)).guest for _ in range(50)}
    assert len({str(one)[:26] for one in ids}) == 50


async def test_minting_is_throttled_by_address(settings: Settings) -> None:
    limited = settings.model_copy(update={"rate_limit_enabled": True, "rate_limit_auth": Rate(3, 60)})
    async with serving(limited, work=False) as server:
        # Whoever one is: another guest, or nobody.
        callers = (server.nobody, server.guest(), server.nobody, server.guest(), server.nobody)
        answers = [await caller.execute(CREATE) for caller in callers]
    assert ["errors" in answer.body for answer in answers] == [False] * 3 + [True] * 2
    assert [answer.code for answer in answers[3:]] == ["RATE_LIMITED"] * 2


@sqlite_alone
async def test_one_id_is_minted_an_operation(idle_server: Server) -> None:
    fields = "guestSessionCreate { __typename }"
    answer = await idle_server.nobody.execute(f"mutation {{ one: {fields} two: {fields} }}")
    assert answer.code == "QUERY_TOO_COMPLEX"


def forgeries(genuine: str) -> list[str]:
    """More than a thousand ids that somebody might try who has seen one that is good."""
    name, _, signature = genuine.partition(".")
    other = Keyring(b"another key that is long enough, too")
    fresh = "vwg_" + secrets.token_urlsafe(16)
    changed = [genuine[:at] + one + genuine[at + 1 :] for at in range(4, len(genuine)) for one in "Aa0-_.~ \0\n"]
    cut = [genuine[:length] for length in range(4, len(genuine))]
    longer = [genuine + one for one in ("A", "=", "==", ".", "\n", "\0", "\r\nX-Guest-Session-ID: x", "A" * 200)]
    signed = [
        f"{fresh}.{signature}",
        f"{fresh}.{other.sign('guest', fresh)}",
        f"{name}.{other.sign('guest', name)}",
        *(f"{name}.{other.sign(purpose, name)}" for purpose in ("", "upload", "playback")),
        f"{name}.",
        f"{name}.{signature}.{signature}",
        f"{name}..{signature}",
        f".{signature}",
        f"vwg_.{other.sign('guest', 'vwg_')}",
        f"{name}.{'A' * 43}",
        f"{name}." + "\uff21" * 43,
    ]
    random = [f"vwg_{secrets.token_urlsafe(16)}.{secrets.token_urlsafe(32)}" for _ in range(400)]
    loose = [f"{name}.{signature[:-1]}{one}" for one in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if one != signature[-1]]
    found = {*changed, *cut, *longer, *(one for one in signed if one.startswith("vwg_")), *random, *loose} - {genuine}
    # A blank at its end is trimmed, as headers do.
    return sorted(one for one in found if one.strip() != genuine)


async def test_no_forged_id_is_a_guest(idle_server: Server) -> None:
    guest = await minted(idle_server)
    await converse(guest)
    tried = forgeries(str(guest.guest))
    assert len(tried) > 1_000
    for one in tried:
        with pytest.raises(Unauthenticated) as refused:
            await idle_server.services.viewers.identify(None, one)
        assert refused.value.reason is UnauthenticatedReason.INVALID, one


@sqlite_alone
async def test_no_foreign_id_reads_a_chat(idle_server: Server) -> None:
    """Over HTTP and sockets: ids that a client made up itself, or that were another's."""
    guest = await minted(idle_server)
    conversation = await converse(guest)
    reply = await ask(guest, conversation)
    genuine = str(guest.guest)
    others = [str((await minted(idle_server)).guest) for _ in range(3)]
    foreign = [
        *others,
        *forgeries(genuine)[::40],
        *(genuine.upper(), genuine[4:], "VWG_" + genuine[4:], "x" * 129, "null", "undefined", "' OR ''='"),
        urlsafe_b64encode(genuine.encode()).decode(),
    ]
    for one in foreign:
        stranger = idle_server.guest(one)
        assert await _reads_nothing_by_http(stranger, conversation), one
        assert await _reads_nothing_by_socket(stranger, reply), one
    assert (await guest.execute(READ, id=conversation)).data["conversation"]


async def _reads_nothing_by_http(stranger: Client, conversation: str) -> bool:
    if any(ord(one) < ord(" ") or ord(one) > ord("~") for one in str(stranger.guest)):
        return True  # no header can carry it
    data: Json = (await stranger.execute(READ, id=conversation)).body.get("data") or {}
    return not data.get("conversation")


async def _reads_nothing_by_socket(stranger: Client, reply: str) -> bool:
    try:
        async with stranger.socket() as socket, aclosing(socket.subscribe(FOLLOW, id=reply)) as events:
            return [event async for event in events] == []
    except StreamRefused as refused:
        return refused.code == "NOT_FOUND"
    except ConnectionClosed as closed:
        return closed.rcvd is not None and closed.rcvd.code == 4403


@sqlite_alone
async def test_ids_that_clients_make_up_count_only_while_they_may(settings: Settings, idle_server: Server) -> None:
    signed = await minted(idle_server)
    for made in ("a guest", "6f1c1f0e-6c0a-4f5c-9a55-2f2c6f1c1f0e"):
        assert (await viewer(idle_server.guest(made)))["kind"] == "GUEST"
    strict = settings.model_copy(update={"client_guest_ids": False})
    async with serving(strict, work=False) as server:
        for made in ("a guest", "6f1c1f0e-6c0a-4f5c-9a55-2f2c6f1c1f0e"):
            answer = await server.guest(made).execute("{ viewer { kind } }")
            assert answer.error["extensions"]["details"] == {"reason": "INVALID"}
            assert answer.error["message"] == "This guest session id is not one of ours."
        assert (await viewer(server.guest(signed.guest)))["kind"] == "GUEST"
        # An id that is no good keeps nobody from getting a good one.
        made = (await server.guest("a guest").execute(CREATE)).data["guestSessionCreate"]["guestSessionId"]
        assert (await viewer(server.guest(made)))["kind"] == "GUEST"


@sqlite_alone
async def test_a_guest_outlives_a_change_of_keys(settings: Settings, idle_server: Server) -> None:
    guest = await minted(idle_server)
    await converse(guest)
    changes = {"secret_key": SecretStr("another secret key, which is long enough"), "secret_key_previous": None}
    overlap = settings.model_copy(update={**changes, "secret_key_previous": settings.secret_key})
    async with serving(overlap, work=False) as server:
        assert (await viewer(server.guest(guest.guest)))["conversations"] == {"totalCount": 1}
    async with serving(settings.model_copy(update=changes), work=False) as server:
        assert (await server.guest(guest.guest).execute("{ viewer { kind } }")).code == "UNAUTHENTICATED"


async def test_whoever_signs_in_claims_what_was_theirs_as_a_guest(idle_server: Server) -> None:
    guest, bystander, user = await minted(idle_server), await minted(idle_server), await idle_server.user()
    theirs = [await converse(guest), await converse(guest, "sample-heat")]
    reply = await ask(guest, theirs[0])
    own, others = await converse(user), await converse(bystander)
    before = (await guest.execute(READ, id=theirs[0])).data["conversation"]
    claimed = await claim(user, guest)
    assert claimed["claimedCount"] == 2
    assert {one["id"] for one in claimed["user"]["conversations"]["nodes"]} == {*theirs, own}
    assert (await user.execute(READ, id=theirs[0])).data["conversation"] == before
    assert (await user.execute("query ($id: ID!) { node(id: $id) { id } }", id=reply)).data["node"] == {"id": reply}
    # The guest has none of it any more, and may begin anew.
    assert (await viewer(guest))["conversations"] == {"totalCount": 0}
    assert (await guest.execute(READ, id=theirs[0])).data["conversation"] is None
    assert (await send(guest, theirs[0]))["__typename"] == "NotFound"
    assert (await viewer(bystander))["conversations"] == {"totalCount": 1}
    assert (await user.execute(READ, id=others)).data["conversation"] is None
    assert await log_of_claims(idle_server) == [{"count": 2}]


async def test_claiming_twice_finds_nothing_the_second_time(idle_server: Server) -> None:
    guest, user, another = await minted(idle_server), await idle_server.user(), await idle_server.user()
    await converse(guest)
    assert [(await claim(one, guest))["claimedCount"] for one in (user, user, another)] == [1, 0, 0]
    await converse(guest)
    assert (await claim(user, guest))["claimedCount"] == 1
    assert await log_of_claims(idle_server) == [{"count": 1}, {"count": 1}]


async def test_of_many_who_claim_at_once_one_gets_each_conversation(idle_server: Server) -> None:
    guest = await minted(idle_server)
    for _ in range(3):
        await converse(guest)
    users = [await idle_server.user() for _ in range(4)]
    claimed = await asyncio.gather(*(claim(users[number % 4], guest) for number in range(20)))
    assert sum(one["claimedCount"] for one in claimed) == 3
    assert [(await viewer(user))["conversations"]["totalCount"] for user in users].count(0) == 3


async def test_a_claim_needs_the_id_and_a_user(idle_server: Server) -> None:
    guest, user = await minted(idle_server), await idle_server.user()
    await converse(guest)
    genuine = str(guest.guest)
    for wrong in (genuine[:-1], genuine + "x" * 130, "", "\0", "caf\xe9", "vwg_x"):
        refused = (await user.execute(CLAIM, id=wrong)).data["guestConversationsClaim"]
        assert refused["__typename"] == "InvalidInput", wrong
        assert [(one["path"], one["code"]) for one in refused["problems"]] == [(["guestSessionId"], "INVALID_FORMAT")]
    for nobody in (idle_server.nobody, guest, await minted(idle_server)):
        assert (await nobody.execute(CLAIM, id=genuine)).code == "UNAUTHENTICATED"
    async with idle_server.services.database.read() as reader:
        assert [row.user_id for row in await reader.all(select(Conversation.user_id))] == [None]
    assert await log_of_claims(idle_server) == []
    assert (await claim(user, guest))["claimedCount"] == 1


async def test_guessing_by_claims_is_throttled_by_address(settings: Settings) -> None:
    async with serving(settings, work=False) as server:
        users = [await server.user() for _ in range(3)]
    limited = settings.model_copy(update={"rate_limit_enabled": True, "rate_limit_auth": Rate(4, 60)})
    async with serving(limited, work=False) as server:
        answers: list[Answer] = []
        for number in range(6):
            client = Client(url=server.url, token=users[number % 3].token)
            answers.append(await client.execute(CLAIM, id=f"guess {number}"))
        assert ["errors" in answer.body for answer in answers] == [False] * 4 + [True] * 2


async def test_an_answer_goes_on_for_the_user_who_claims_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replies, "CLAIM_CHECK_SECONDS", 0.1)
    go_on = asyncio.Event()
    model = ScriptedModel(["High ", go_on, "water."])
    async with serving(settings, model=model) as server:
        guest, user = await minted(server), await server.user()
        conversation = await converse(guest)
        reply = await ask(guest, conversation)
        held = await follow(guest, reply, enough=lambda reading: reading.text == "High ")
        async with asyncio.TaskGroup() as group:
            guests = group.create_task(_code_of_end(guest, reply))
            users = group.create_task(_after_claim(user, guest, reply))
            assert await guests == "NOT_FOUND"
            go_on.set()
        assert held.text == "High "
        assert users.result().text == "High water."
        assert users.result().kinds[-1] == "Done"
        assert (await until_ended(user, conversation))["content"] == "High water."
        assert [one["status"] for one in await messages(user, conversation)] == ["DONE", "DONE"]
        # The guest asked, and so the guest paid.
        assert (await quota_used(user), await quota_used(guest)) == (0, 1)


async def test_a_reply_that_is_stopped_after_a_claim_is_given_back_to_the_guest_who_asked(idle_server: Server) -> None:
    guest, user = await minted(idle_server), await idle_server.user()
    own = await converse(user)
    await ask(user, own)
    reply = await ask(guest, await converse(guest))
    await claim(user, guest)
    assert (await quota_used(user), await quota_used(guest)) == (1, 1)
    assert (await stop(user, reply))["status"] == "STOPPED"
    assert (await quota_used(user), await quota_used(guest)) == (1, 0)


async def _after_claim(user: Client, guest: Client, reply: str) -> Reading:
    assert (await claim(user, guest))["claimedCount"] == 1
    return await follow(user, reply, enough=never)


async def _code_of_end(guest: Client, reply: str) -> str:
    with pytest.raises(StreamRefused) as refused:
        await follow(guest, reply)
    return refused.value.code


async def test_the_kinds_of_id_are_told_apart(idle_server: Server) -> None:
    """What a client makes up never stands for an id of ours, nor for a user."""
    user = await idle_server.user()
    found = await idle_server.services.viewers.identify(None, f"user:{user.token}"[:100])
    assert (found.kind, found.user_id) == (ViewerKind.GUEST, None)
