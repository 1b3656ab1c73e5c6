"""Long-term tokens: one a user, shown once, good for taking notes and for nothing else, until it is revoked."""

import asyncio

import pytest
from sqlalchemy import select
from websockets.exceptions import ConnectionClosed

from db.models.tables import ApiToken, AuditEvent, Base, Note
from services.audit import AuditKind
from services.rates import Rate
from services.settings import Settings
from tests.accounts import viewer
from tests.client import Answer, Client, Json, StreamRefused
from tests.conversations import converse
from tests.server import Server, serving

pytestmark = pytest.mark.asyncio

LECTURE = "sample-tide"
CREATE = """
mutation {
  apiTokenCreate {
    __typename
    ... on ApiTokenCreateSuccess { token user { id hasApiToken } }
    ... on UserError { message }
  }
}
"""
REVOKE = """
mutation {
  apiTokenRevoke {
    __typename ... on ApiTokenRevokeSuccess { user { id hasApiToken } } ... on UserError { message }
  }
}
"""
HAS_TOKEN = "{ viewer { user { hasApiToken } } }"
USER_ID = "{ viewer { user { id } } }"
TAKE = """
mutation Take($text: String! = "from a program") {
  noteCreate(input: {video: {youtube: "sample-tide"}, timestamp: "0:01", text: $text}) {
    ... on NoteCreateSuccess {
      note {
        id text
        video {
          title transcript(first: 1) { totalCount }
          notes { totalCount nodes { id } } conversations { totalCount nodes { id } }
        }
      }
    }
  }
}
"""
NOTES = "{ viewer { user { notes { nodes { id text } } } } }"
READINESS = 'subscription { videoReadiness(videoId: "x") { __typename } }'
FORBIDDEN = "A long-term token may take notes, and nothing else."
sqlite_alone = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


async def member(client: Client, mutation: str) -> Json:
    (found,) = (await client.execute(mutation)).data.values()
    result: Json = found
    return result


async def make(user: Client) -> Client:
    """A program with the user's token."""
    made = await member(user, CREATE)
    assert made["__typename"] == "ApiTokenCreateSuccess", made
    return Client(url=user.url, token=made["token"])


async def log(server: Server) -> list[str]:
    """What the audit log says of tokens, the oldest first."""
    kinds = (AuditKind.API_TOKEN_CREATED, AuditKind.API_TOKEN_REVOKED)
    wanted = select(AuditEvent.kind).where(AuditEvent.kind.in_(kinds)).order_by(AuditEvent.id)
    async with server.services.database.read() as reader:
        return [kind for (kind,) in await reader.all(wanted)]


async def assert_no_good(client: Client) -> None:
    for document in ("{ viewer { kind } }", TAKE):
        answer = await client.execute(document)
        assert answer.error["extensions"]["details"] == {"reason": "INVALID"}
        assert answer.error["message"] == "The long-term token is unknown or revoked."


async def test_a_token_is_shown_once_and_kept_as_a_digest(idle_server: Server) -> None:
    user = await idle_server.user()
    assert (await user.execute(HAS_TOKEN)).data["viewer"]["user"] == {"hasApiToken": False}
    made = await member(user, CREATE)
    own = (await user.execute(USER_ID)).data["viewer"]["user"]
    assert made["user"] == {**own, "hasApiToken": True}
    assert made["token"].startswith("vwt_")
    assert len(made["token"]) == 4 + 43
    assert (await user.execute(HAS_TOKEN)).data["viewer"]["user"] == {"hasApiToken": True}
    async with idle_server.services.database.read() as reader:
        stored = repr([await reader.all(select(table)) for table in Base.metadata.sorted_tables])
    assert made["token"][4:] not in stored
    # One user's is none of another's.
    other = await idle_server.user()
    assert (await other.execute(HAS_TOKEN)).data["viewer"]["user"] == {"hasApiToken": False}
    assert await log(idle_server) == ["API_TOKEN_CREATED"]


async def test_there_is_one_at_most(idle_server: Server) -> None:
    user = await idle_server.user()
    program = await make(user)
    refused = await member(user, CREATE)
    assert refused == {
        "__typename": "ApiTokenExists",
        "message": "You have a long-term token already. Revoke it first.",
    }
    assert (await viewer(program))["kind"] == "API_TOKEN"
    await make(await idle_server.user())
    assert await log(idle_server) == ["API_TOKEN_CREATED"] * 2


async def test_of_fifty_made_at_once_one_is(idle_server: Server) -> None:
    user = await idle_server.user()
    made = await asyncio.gather(*(member(user, CREATE) for _ in range(50)))
    names = [one["__typename"] for one in made]
    assert (names.count("ApiTokenCreateSuccess"), names.count("ApiTokenExists")) == (1, 49)
    (token,) = [one["token"] for one in made if "token" in one]
    assert (await viewer(Client(url=user.url, token=token)))["kind"] == "API_TOKEN"
    assert await log(idle_server) == ["API_TOKEN_CREATED"]


async def test_a_revoked_token_is_refused_at_once_and_everywhere(idle_server: Server, settings: Settings) -> None:
    user = await idle_server.user()
    nothing = {"__typename": "NotFound", "message": "No long-term token found."}
    assert await member(user, REVOKE) == nothing
    program = await make(user)
    async with serving(settings, work=False) as other:
        elsewhere = Client(url=other.url, token=program.token)
        assert (await elsewhere.execute(TAKE)).data["noteCreate"]["note"]["text"] == "from a program"
        revoked = await member(user, REVOKE)
        own = (await user.execute(USER_ID)).data["viewer"]["user"]
        assert revoked == {"__typename": "ApiTokenRevokeSuccess", "user": {**own, "hasApiToken": False}}
        for client in (program, elsewhere):
            await assert_no_good(client)
        assert await member(user, REVOKE) == nothing
        # Another one is another one.
        again = await make(user)
        assert again.token != program.token
        await assert_no_good(program)
        assert (await viewer(again))["kind"] == "API_TOKEN"
    async with idle_server.services.database.read() as reader:
        assert len(await reader.all(select(Note.id))) == 1
    assert await log(idle_server) == ["API_TOKEN_CREATED", "API_TOKEN_REVOKED", "API_TOKEN_CREATED"]


@sqlite_alone
async def test_no_other_text_is_a_token(idle_server: Server) -> None:
    program = await make(await idle_server.user())
    token = str(program.token)
    tried = [
        *(token[:at] + one + token[at + 1 :] for at in range(4, len(token)) for one in "A-"),
        *(token[:length] for length in range(4, len(token))),
        *(token + one for one in ("A", "=", ".x", "." + "A" * 2_000)),
        "vwt_",
        "vwt_' OR ''='",
    ]
    for one in (one for one in tried if one != token):
        await assert_no_good(Client(url=program.url, token=one))
    async with idle_server.services.database.read() as reader:
        assert await reader.all(select(Note.id)) == []
        (hashed,) = (await reader.scalar(select(ApiToken.token_hash)) or "",)
    # Whoever reads the database has no token either.
    assert (await Client(url=program.url, token=f"vwt_{hashed}").execute(TAKE)).code == "UNAUTHENTICATED"


async def test_it_takes_notes_for_its_user_and_reads_nothing_of_theirs(idle_server: Server) -> None:
    user = await idle_server.user()
    program = await make(user)
    await user.execute(TAKE, text="the user's own")
    await converse(user, LECTURE)
    note = (await program.execute(TAKE)).data["noteCreate"]["note"]
    empty: Json = {"totalCount": 0, "nodes": []}
    assert (note["video"]["notes"], note["video"]["conversations"]) == (empty, empty)
    # What is shared is shown.
    assert note["video"]["title"]
    assert note["video"]["transcript"]["totalCount"] > 0
    texts = [one["text"] for one in (await user.execute(NOTES)).data["viewer"]["user"]["notes"]["nodes"]]
    assert texts == ["from a program", "the user's own"]
    everything = "{ viewer { kind user { id } wizQuota { limit } conversations { totalCount } } }"
    assert (await program.execute(everything)).data["viewer"] == {
        "kind": "API_TOKEN",
        "user": None,
        "wizQuota": None,
        "conversations": None,
    }


@sqlite_alone
async def test_it_is_told_what_it_may(idle_server: Server) -> None:
    user = await idle_server.user()
    program = await make(user)
    conversation = await converse(user)
    for document in (
        f'{{ node(id: "{conversation}") {{ id }} }}',
        f'{{ conversation(id: "{conversation}") {{ id }} }}',
        "{ sampleVideos { id } }",
        "mutation { apiTokenRevoke { __typename } }",
        "mutation { apiTokenCreate { __typename } }",
        'mutation { videoAdd(input: {video: {youtube: "dQw4w9WgXcQ"}}) { __typename } }',
    ):
        answer = await program.execute(document)
        assert (answer.code, answer.error["message"]) == ("FORBIDDEN", FORBIDDEN), document
    # A guest id beside it changes nothing.
    both = Client(url=program.url, token=program.token, guest="a guest")
    assert (await both.execute("{ sampleVideos { id } }")).code == "FORBIDDEN"


async def test_on_a_socket_it_takes_notes_until_it_is_revoked(idle_server: Server) -> None:
    user = await idle_server.user()
    program = await make(user)
    async with program.socket() as socket:
        with pytest.raises(StreamRefused) as refused:
            await anext(socket.subscribe(READINESS))
        assert refused.value.code == "FORBIDDEN"
        assert [event["note"]["text"] async for event in socket.subscribe(TAKE)] == ["from a program"]
        await member(user, REVOKE)
        with pytest.raises(ConnectionClosed) as closed:
            await anext(socket.subscribe(TAKE))
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4403, "The long-term token was revoked.")
    async with idle_server.services.database.read() as reader:
        assert len(await reader.all(select(Note.id))) == 1


async def test_a_silent_socket_ends_when_its_token_does(idle_server: Server) -> None:
    user = await idle_server.user()
    program = await make(user)
    async with program.socket() as socket, user.socket() as other:
        await member(user, REVOKE)
        async with asyncio.timeout(30):
            with pytest.raises(ConnectionClosed) as closed:
                await socket.receive()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4403
        await other.send({"type": "ping"})
        assert (await other.receive())["type"] == "pong"


@sqlite_alone
async def test_it_is_counted_with_its_user(settings: Settings) -> None:
    limited = settings.model_copy(update={"rate_limit_enabled": True, "rate_limit_default": Rate(4, 60)})
    async with serving(limited, work=False) as server:
        user = await server.user()
        program = await make(user)
        answers: list[Answer] = [await one.execute(TAKE) for one in (program, user, program, user, program, user)]
        assert ["errors" in answer.body for answer in answers] == [False] * 4 + [True] * 2
        other = await make(await server.user())
        assert (await other.execute(TAKE)).data["noteCreate"]["note"]
