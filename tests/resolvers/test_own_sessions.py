"""`User.sessions`, `sessionRevoke` and `sessionRevokeAll`: what one sees of one's sign-ins, and how they end."""

import asyncio

import pytest
from sqlalchemy import delete, select, update

from db import clock
from db.models.tables import AuditEvent, Note, Session, User
from services.settings import Settings
from tests import raw_http
from tests.accounts import VIEWER, member, refresh, register, sign_in, sign_out, stored, succeeded, viewer
from tests.client import Answer, Client, Json
from tests.conditions import until
from tests.server import PASSWORD, Server, serving

pytestmark = pytest.mark.asyncio

FIELDS = "id isCurrent userAgent createdAt lastUsedAt expiresAt"
SESSIONS = f"""
query Sessions($first: Int! = 10, $after: String) {{
  viewer {{ user {{ sessions(first: $first, after: $after) {{
    totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {FIELDS} }}
  }} }} }}
}}
"""
NODE = f"query Node($id: ID!) {{ node(id: $id) {{ __typename ... on Session {{ {FIELDS} }} }} }}"
REVOKE = f"""
mutation Revoke($input: SessionRevokeInput!) {{
  sessionRevoke(input: $input) {{
    __typename ... on SessionRevokeSuccess {{ session {{ {FIELDS} }} }} ... on UserError {{ message }}
  }}
}}
"""
REVOKE_ALL = """
mutation RevokeAll { sessionRevokeAll { __typename ... on SessionRevokeAllSuccess { endedCount } } }
"""
TAKE_A_NOTE = """
mutation { noteCreate(input: {video: {youtube: "dQw4w9WgXcQ"}, timestamp: "0:01", text: "x"}) { __typename } }
"""
BEGIN_A_CONVERSATION = """
mutation { conversationCreate(input: {video: {youtube: "dQw4w9WgXcQ"}}) { __typename } }
"""
NOT_FOUND = {"__typename": "NotFound", "message": "Session not found."}


async def people(server: Server) -> tuple[list[Client], Client]:
    """Ada at three places, the last of which she came to last; and Eve."""
    first = succeeded(await register(server.nobody))
    others = [succeeded(await sign_in(server.nobody)) for _ in range(2)]
    ada = [Client(url=server.url, token=one["tokens"]["accessToken"]) for one in (first, *others)]
    return ada, await server.user("eve@example.com")


async def listed(client: Client) -> list[Json]:
    answer = await client.execute(SESSIONS)
    found: Json = answer.data["viewer"]["user"]["sessions"]
    assert found["totalCount"] == len(found["nodes"])
    nodes: list[Json] = found["nodes"]
    return nodes


async def revoke(client: Client, session_id: str | None = None) -> Json:
    return member(await client.execute(REVOKE, input={} if session_id is None else {"sessionId": session_id}))


async def revocations(server: Server) -> list[tuple[object, ...]]:
    told = select(AuditEvent.user_id, AuditEvent.address, AuditEvent.details).order_by(AuditEvent.id)
    async with server.services.database.read() as reader:
        return [tuple(row) for row in await reader.all(told.where(AuditEvent.kind == "SESSION_REVOKED"))]


def reason(answer: Answer) -> str:
    assert answer.code == "UNAUTHENTICATED"
    found: str = answer.error["extensions"]["details"]["reason"]
    return found


async def test_one_sees_ones_own_sessions_the_newest_first(idle_server: Server) -> None:
    ada, eve = await people(idle_server)
    for place, client in enumerate(ada):
        found = await listed(client)
        assert [one["createdAt"] for one in found] == sorted((one["createdAt"] for one in found), reverse=True)
        assert [one["isCurrent"] for one in found] == [place == 2, place == 1, place == 0]
        assert {one["lastUsedAt"] for one in found} == {None}
    (hers,) = await listed(eve)
    assert hers["isCurrent"]
    assert hers["id"] not in {one["id"] for one in await listed(ada[0])}

    page = (await ada[0].execute(SESSIONS, first=2)).data["viewer"]["user"]["sessions"]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (3, True)
    rest = await ada[0].execute(SESSIONS, first=2, after=page["pageInfo"]["endCursor"])
    nodes = page["nodes"] + rest.data["viewer"]["user"]["sessions"]["nodes"]
    assert nodes == await listed(ada[0])


async def test_a_session_tells_what_began_it_and_when_it_was_renewed(idle_server: Server) -> None:
    document = 'mutation { userRegister(input: {email: "ada@example.com", password: "%s", name: "Ada"}) {'
    document += " ... on UserRegisterSuccess { tokens { accessToken refreshToken } } } }"
    long = "Browser/1.0 " + "x" * 300
    answer = await raw_http.post(idle_server.url, document % PASSWORD, ("User-Agent", long))
    tokens = member(answer)["tokens"]
    ada = Client(url=idle_server.url, token=tokens["accessToken"])
    (before,) = await listed(ada)
    assert before["userAgent"] == long[:200]
    assert before["lastUsedAt"] is None
    succeeded(await refresh(idle_server.nobody, tokens["refreshToken"]))
    (after,) = await listed(ada)
    assert after["lastUsedAt"] > before["createdAt"]
    assert {**after, "lastUsedAt": None} == before
    assert (await ada.execute(NODE, id=before["id"])).data["node"] == {"__typename": "Session", **after}


async def test_whoever_has_just_signed_in_sees_the_sessions_whatever_was_sent_beside(idle_server: Server) -> None:
    await register(idle_server.nobody)
    document = """mutation Enter($input: SessionCreateInput!) { sessionCreate(input: $input) {
      ... on SessionCreateSuccess { user { sessions { nodes { isCurrent } } } } } }"""
    for client in (idle_server.nobody, Client(url=idle_server.url, token="bad")):
        answer = await client.execute(document, input={"email": "ada@example.com", "password": PASSWORD})
        nodes = member(answer)["user"]["sessions"]["nodes"]
        assert {one["isCurrent"] for one in nodes} == {False}


async def test_signing_out_ends_this_session_and_no_other(idle_server: Server, settings: Settings) -> None:
    ada, eve = await people(idle_server)
    (_, current, _), before = await listed(ada[1]), await stored(idle_server)
    async with serving(settings, work=False) as another:
        elsewhere = Client(url=another.url, token=ada[1].token)
        assert (await viewer(elsewhere))["kind"] == "USER"
        assert await revoke(ada[1]) == {"__typename": "SessionRevokeSuccess", "session": current}
        assert reason(await ada[1].execute(VIEWER)) == "REVOKED"

        async def is_out() -> bool:
            return "errors" in (await elsewhere.execute(VIEWER)).body

        await until(is_out)
        assert reason(await elsewhere.execute(VIEWER)) == "REVOKED"
    assert await stored(idle_server) == before
    assert [one["isCurrent"] for one in await listed(ada[0])] == [False, True]
    assert (await ada[0].execute(NODE, id=current["id"])).data["node"] is None
    assert len(await listed(eve)) == 1


async def test_a_session_is_ended_from_another_one_once(idle_server: Server) -> None:
    tokens = succeeded(await register(idle_server.nobody))["tokens"]
    lost, ada = (
        Client(url=idle_server.url, token=tokens["accessToken"]),
        Client(url=idle_server.url, token=succeeded(await sign_in(idle_server.nobody))["tokens"]["accessToken"]),
    )
    wanted = (await listed(ada))[1]
    assert (await revoke(ada, wanted["id"]))["session"] == wanted
    assert await revoke(ada, wanted["id"]) == NOT_FOUND
    assert reason(await lost.execute(VIEWER)) == "REVOKED"
    assert member(await refresh(idle_server.nobody, tokens["refreshToken"]))["__typename"] == "InvalidRefreshToken"
    user = await idle_server.services.users.get(1)
    assert await revocations(idle_server) == [(user and user.id, "127.0.0.1", {})]


async def test_nobody_ends_the_sessions_of_others(idle_server: Server) -> None:
    (ada, *_), eve = await people(idle_server)
    wanted = (await listed(ada))[0]
    before = await stored(idle_server)
    user_id = (await viewer(ada))["user"]["id"]
    for session_id in (wanted["id"], user_id, "x", "", "U2Vzc2lvbjo5OTk5OTk"):
        assert await revoke(eve, session_id) == NOT_FOUND
    assert (await eve.execute(NODE, id=wanted["id"])).data["node"] is None
    for client, code in ((idle_server.nobody, "UNAUTHENTICATED"), (idle_server.guest(), "UNAUTHENTICATED")):
        for document in (REVOKE, REVOKE_ALL):
            assert (await client.execute(document, input={"sessionId": wanted["id"]})).code == code
    assert (await idle_server.guest().execute(NODE, id=wanted["id"])).data["node"] is None
    assert await stored(idle_server) == before
    assert len(await listed(ada)) == 3
    assert await revocations(idle_server) == []


async def test_of_many_who_end_a_session_one_did(idle_server: Server) -> None:
    (ada, *_), _ = await people(idle_server)
    wanted = (await listed(ada))[0]["id"]
    found = await asyncio.gather(*(revoke(ada, wanted) for _ in range(8)))
    assert sorted(one["__typename"] for one in found) == ["NotFound"] * 7 + ["SessionRevokeSuccess"]
    assert len(await revocations(idle_server)) == 1


async def test_signing_out_everywhere(idle_server: Server, settings: Settings) -> None:
    ada, eve = await people(idle_server)
    await sign_out(ada[2])
    async with idle_server.services.database.write() as tx:
        await tx.execute(update(Session).where(Session.id == 1).values(expires_at=clock.now()))
    answer = await ada[1].execute(REVOKE_ALL)
    # The other two had ended before.
    assert member(answer) == {"__typename": "SessionRevokeAllSuccess", "endedCount": 1}
    async with serving(settings, work=False) as another:
        for client in ada:
            assert reason(await Client(url=another.url, token=client.token).execute(VIEWER)) == "REVOKED"
    assert reason(await ada[1].execute(REVOKE_ALL)) == "REVOKED"
    assert (await viewer(eve))["kind"] == "USER"
    assert len(await revocations(idle_server)) == 2


async def test_a_ghost_is_told_that_the_session_has_ended(idle_server: Server) -> None:
    """The session of a user who was deleted is still remembered here for seconds."""
    for document in (TAKE_A_NOTE, BEGIN_A_CONVERSATION, REVOKE, REVOKE_ALL):
        ada = await idle_server.user()
        assert (await viewer(ada))["kind"] == "USER"
        async with idle_server.services.database.write() as tx:
            await tx.execute(delete(User))
        variables: Json = {"input": {}} if document is REVOKE else {}
        assert reason(await ada.execute(document, **variables)) == "REVOKED"
    async with idle_server.services.database.read() as reader:
        assert await reader.scalar(select(Note.id)) is None
    assert await stored(idle_server) == {"users": 0, "sessions": 0, "refresh_tokens": 0}
