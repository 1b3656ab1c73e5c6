"""Documents asked for by their hash, over every transport and from every process."""

import json
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from db.models.tables import PersistedQuery
from services.identity.tokens import digest
from services.persisted_queries import LARGEST_BYTES
from services.rates import Rate
from services.settings import Settings
from tests.client import UNUSED_TLS, Answer, Client, Json, Socket
from tests.server import Server, serving

ONE_ENGINE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
NOT_FOUND = ("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
NOT_SUPPORTED = ("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED")
KIND = "query Kind($yes: Boolean!) { viewer { kind @include(if: $yes) __typename } }"
KIND_OF_NOBODY: Json = {"viewer": {"kind": "ANONYMOUS", "__typename": "Viewer"}}


def by_hash(text: str, version: int = 1) -> Json:
    return {"persistedQuery": {"version": version, "sha256Hash": digest(text)}}


async def post(client: Client, text: str, *, in_full: bool, **variables: object) -> Answer:
    """With the hash, and in full with the text, too, as clients do after a miss."""
    query = {"query": text} if in_full else {}
    return await client.post({**query, "variables": variables, "extensions": by_hash(text)})


async def get(server: Server, **parameters: object) -> Answer:
    """Anything but a text is written as JSON."""
    sent = {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}
    async with httpx2.AsyncClient(base_url=server.url, verify=UNUSED_TLS) as http:
        response = await http.get("/graphql", params=sent, headers={"Accept": "application/json"})
    return Answer(status=response.status_code, headers=response.headers, body=response.json())


async def ask(socket: Socket, payload: Json) -> tuple[str, Any]:
    """The type and the payload of the first message that answers."""
    number = str(next(socket.ids))
    await socket.send({"id": number, "type": "subscribe", "payload": payload})
    while (message := await socket.receive()).get("id") != number:
        pass
    return message["type"], message.get("payload")


async def refused(socket: Socket, payload: Json) -> str:
    """The code of the one error."""
    kind, errors = await ask(socket, payload)
    assert kind == "error"
    (error,) = errors
    code: str = error["extensions"]["code"]
    return code


def refusal(answer: Answer) -> tuple[str, str]:
    assert "data" not in answer.body
    assert answer.error["extensions"]["requestId"]
    return answer.error["message"], answer.code


async def stored(server: Server) -> set[str]:
    async with server.services.database.read() as reader:
        return {text for (text,) in await reader.all(select(PersistedQuery.text))}


@pytest.mark.asyncio
async def test_a_document_is_registered_once_for_all_processes_and_transports(
    server: Server, settings: Settings
) -> None:
    nobody = server.nobody
    missing = await post(nobody, KIND, in_full=False, yes=True)
    assert missing.status == 200
    assert refusal(missing) == NOT_FOUND
    assert await stored(server) == set()

    assert (await post(nobody, KIND, in_full=True, yes=True)).data == KIND_OF_NOBODY
    assert await stored(server) == {KIND}
    assert (await post(nobody, KIND, in_full=False, yes=True)).data == KIND_OF_NOBODY
    assert (await post(nobody, KIND, in_full=True, yes=True)).data == KIND_OF_NOBODY

    async with serving(settings, work=False) as elsewhere:
        assert (await post(elsewhere.nobody, KIND, in_full=False, yes=False)).data == {
            "viewer": {"__typename": "Viewer"}
        }
        got = await get(elsewhere, variables={"yes": True}, extensions=by_hash(KIND))
        assert got.data == KIND_OF_NOBODY
        asked = {"variables": {"yes": True}, "extensions": by_hash(KIND)}
        async with elsewhere.nobody.socket() as socket:
            assert await ask(socket, asked) == ("next", {"data": KIND_OF_NOBODY})
    assert await stored(server) == {KIND}


@pytest.mark.asyncio
async def test_a_document_is_registered_by_get_or_socket(server: Server) -> None:
    version = "{ server { version } }"
    assert refusal(await get(server, extensions=by_hash(version))) == NOT_FOUND
    assert (await get(server, query=version, extensions=by_hash(version))).data
    assert (await get(server, extensions=by_hash(version))).data

    follow = 'subscription { videoReadiness(videoId: "nothing") { __typename } }'
    known, missing = {"extensions": by_hash(version)}, {"extensions": by_hash(follow)}
    async with server.guest().socket() as socket:
        assert (await ask(socket, known))[0] == "next"
        assert await refused(socket, missing) == "PERSISTED_QUERY_NOT_FOUND"
        # The subscription itself finds no video.
        assert await refused(socket, {"query": follow, **missing}) == "NOT_FOUND"
        assert await refused(socket, missing) == "NOT_FOUND"
    assert await stored(server) == {version, follow}


@pytest.mark.asyncio
async def test_hash_in_capitals_and_marks_of_clients_are_taken(server: Server) -> None:
    text = "{ server { version } } # Gruß"
    sent = {"version": 1, "sha256Hash": digest(text).upper(), "miss": True}
    for query in ({"query": text}, {"query": ""}, {"query": None}, {}):
        assert (await server.nobody.post({**query, "extensions": {"persistedQuery": sent}})).data
    assert (await server.nobody.post({"query": text, "extensions": {"persistedQuery": None}})).data


HASH = digest(KIND)
MALFORMED: list[object] = [
    HASH,
    [],
    True,
    {},
    {"version": 1},
    {"sha256Hash": HASH},
    {"version": "1", "sha256Hash": HASH},
    {"version": True, "sha256Hash": HASH},
    {"version": 1.5, "sha256Hash": HASH},
    {"version": 1, "sha256Hash": None},
    {"version": 1, "sha256Hash": int(HASH, 16)},
    {"version": 1, "sha256Hash": [HASH]},
    {"version": 1, "sha256Hash": ""},
    {"version": 1, "sha256Hash": HASH[1:]},
    {"version": 1, "sha256Hash": HASH + "\n"},
    {"version": 1, "sha256Hash": "g" * 64},
    {"version": 1, "sha256Hash": "\u0660" * 64},
    {"version": 1, "sha256Hash": "\0" * 64},
    {"version": 1, "sha256Hash": "\ud800" * 64},
]


@ONE_ENGINE
@pytest.mark.asyncio
async def test_what_is_no_persisted_query_is_refused_and_keeps_nothing(server: Server) -> None:
    in_full = {"query": KIND, "variables": {"yes": True}}
    for sent in MALFORMED:
        for body in ({}, in_full):
            answer = await server.nobody.post({**body, "extensions": {"persistedQuery": sent}})
            assert refusal(answer)[1] == "BAD_USER_INPUT", sent
    wrong = await server.nobody.post({**in_full, "extensions": by_hash(KIND + " ")})
    assert refusal(wrong) == ("The sha256Hash is not that of the query.", "BAD_USER_INPUT")
    assert refusal(await server.nobody.post({"extensions": {"persistedQuery": None}}))[1] == "BAD_USER_INPUT"
    # A client that speaks another version is told to send texts.
    later = await server.nobody.post({**in_full, "extensions": by_hash(KIND, version=2)})
    assert refusal(later) == NOT_SUPPORTED
    assert await stored(server) == set()


@pytest.mark.asyncio
async def test_what_cannot_be_run_or_is_too_long_is_not_kept(server: Server) -> None:
    for text, code in (
        ("{ server { version }", "BAD_USER_INPUT"),
        ("{ server { colour } }", "BAD_USER_INPUT"),
        ("fragment F on Viewer { kind }", "BAD_USER_INPUT"),
        ("{" + " ".join(f"a{number}: __typename" for number in range(100)) + "}", "QUERY_TOO_COMPLEX"),
    ):
        answer = await post(server.nobody, text, in_full=True)
        assert (answer.status, answer.code) == (200, code)
        assert refusal(await post(server.nobody, text, in_full=False)) == NOT_FOUND
    # Fewer characters than a document may have, but more bytes than one that is kept.
    for text in ("{ server { version } } # \0", "{ server { version } } #".ljust(LARGEST_BYTES - 1, "é")):
        assert (await post(server.nobody, text, in_full=True)).data["server"]
        assert refusal(await post(server.nobody, text, in_full=False)) == NOT_FOUND
    half = await server.nobody.post({"query": "{ server { version } } # \ud800", "extensions": by_hash(KIND)})
    assert refusal(half)[1] == "BAD_USER_INPUT"
    assert await stored(server) == set()

    longest = "{ server { version } } #".ljust(LARGEST_BYTES, "-")
    assert (await post(server.nobody, longest, in_full=True)).data
    assert (await post(server.nobody, longest, in_full=False)).data
    assert await stored(server) == {longest}


@ONE_ENGINE
@pytest.mark.asyncio
async def test_a_mutation_by_its_hash_is_none_for_get(server: Server) -> None:
    text = "mutation Refresh($token: String!) { sessionRefresh(input: {refreshToken: $token}) { __typename } }"
    assert (await post(server.nobody, text, in_full=True, token="none")).data
    got = await get(server, extensions=by_hash(text))
    assert got.status == 405
    assert got.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    "text",
    [
        'mutation { sessionRefresh(input: {refreshToken: "canary"}) { __typename } }',
        'mutation { sessionRefresh(input: {refreshToken: """canary"""}) { __typename } }',
        'mutation ($token: String! = "canary") { sessionRefresh(input: {refreshToken: $token}) { __typename } }',
        'mutation { ...F } fragment F on Mutation { sessionRefresh(input: {refreshToken: "canary"}) { __typename } }',
    ],
)
@pytest.mark.asyncio
async def test_a_mutation_with_a_text_in_it_is_run_and_not_kept(server: Server, text: str) -> None:
    """It could be a password."""
    assert (await post(server.nobody, text, in_full=True)).data["sessionRefresh"]
    assert refusal(await post(server.nobody, text, in_full=False)) == NOT_FOUND
    assert await stored(server) == set()


@pytest.mark.asyncio
async def test_those_used_last_stay(settings: Settings) -> None:
    texts = [f"query A{number} {{ server {{ version }} }}" for number in range(6)]
    async with serving(settings.model_copy(update={"persisted_queries_kept": 4}), work=False) as server:
        for text in texts:
            assert (await post(server.nobody, text, in_full=True)).data
        assert len(await stored(server)) == 4
    async with serving(settings, work=False) as server:
        answers = [await post(server.nobody, text, in_full=False) for text in texts]
    assert [refusal(answer) for answer in answers if "errors" in answer.body] == [NOT_FOUND] * 2


@pytest.mark.asyncio
async def test_one_address_registers_so_many_and_waits(settings: Settings) -> None:
    changes = {"rate_limit_enabled": True, "rate_limit_persisted_queries": Rate(3, 60)}
    async with serving(settings.model_copy(update=changes), work=False) as server:
        texts = [f"query A{number} {{ server {{ version }} }}" for number in range(4)]
        for text in texts[:3]:
            assert (await post(server.nobody, text, in_full=True)).data
            assert (await post(server.nobody, text, in_full=True)).data
        limited = await post(server.nobody, texts[3], in_full=True)
        assert refusal(limited)[1] == "RATE_LIMITED"
        assert 50 <= int(limited.headers["Retry-After"]) <= 60
        assert limited.error["extensions"]["details"] == {"resetInSeconds": int(limited.headers["Retry-After"])}
        assert await stored(server) == set(texts[:3])

        # What is not good counts for nothing, and neither does what is known, or sent without its hash.
        assert (await post(server.nobody, "{ colour }", in_full=True)).code == "BAD_USER_INPUT"
        assert (await post(server.nobody, texts[0], in_full=False)).data
        assert (await server.nobody.execute(texts[3])).data
        async with server.nobody.socket() as socket:
            assert await refused(socket, {"query": texts[3], "extensions": by_hash(texts[3])}) == "RATE_LIMITED"


@ONE_ENGINE
@pytest.mark.asyncio
async def test_a_server_that_keeps_none_says_so(settings: Settings) -> None:
    async with serving(settings.model_copy(update={"persisted_queries_kept": 0}), work=False) as server:
        for in_full in (False, True):
            assert refusal(await post(server.nobody, KIND, in_full=in_full, yes=True)) == NOT_SUPPORTED
        assert (await server.nobody.execute(KIND, yes=True)).data == KIND_OF_NOBODY
        assert await stored(server) == set()
