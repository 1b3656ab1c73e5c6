"""One line of JSON a request, with its id, on the log of the program as it is run; and nothing that is a secret."""

import asyncio
import json
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests import raw_http
from tests.client import Client, Json
from tests.commands import Operator
from tests.conditions import until
from tests.servers.processes import ServerProcess

EMAIL, PASSWORD, NAME = "canary.ada@example.com", "canary horse battery", "Canary Ada"
NOTE, QUESTION = "canary note: two bulges", "canary question: what is the tidal range of the Bay of Fundy?"
GUEST = "canary-guest-session"
WRONG_TOKEN = "canary.wrong.token"

SIGN_UP = """mutation ($input: UserRegisterInput!) {
  userRegister(input: $input) { ... on UserRegisterSuccess { tokens { accessToken refreshToken } } }
}"""
SIGN_IN = """mutation ($input: SessionCreateInput!) {
  sessionCreate(input: $input) { ... on SessionCreateSuccess { tokens { accessToken refreshToken } } }
}"""
REFRESH = "mutation ($input: SessionRefreshInput!) { sessionRefresh(input: $input) { __typename } }"
TAKE_NOTE = "mutation ($input: NoteCreateInput!) { noteCreate(input: $input) { __typename } }"
BEGIN = """mutation {
  conversationCreate(input: {video: {youtube: "sample-tide"}}) {
    ... on ConversationCreateSuccess { conversation { id } }
  }
}"""
SEND = """mutation ($input: MessageSendInput!) {
  messageSend(input: $input) { ... on MessageSendSuccess { reply { id } } }
}"""
FOLLOW = "subscription ($id: ID!) { wizReply(messageId: $id) { __typename } }"


def lines_of(process: ServerProcess) -> list[Json]:
    """Every line is an object of JSON, but for the greeting to whoever started the program."""
    whole = process.output().rpartition("\n")[0].splitlines()
    return [json.loads(line) for line in whole if not line.startswith("VidWiz will answer")]


async def line_of(process: ServerProcess, event: str = "request.ended", **wanted: str) -> Json:
    """The first line about such an event that says so, once it is written."""

    def found() -> list[Json]:
        return [line for line in lines_of(process) if {"event": event, **wanted}.items() <= line.items()]

    async def is_written() -> bool:
        return bool(found())

    await until(is_written)
    return found()[0]


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.asyncio
async def test_a_request_is_one_line_with_its_id(database_url: str, tmp_path: Path) -> None:
    operator = Operator(folder=tmp_path, variables={"DB_URL": database_url})
    with operator.serving() as (url, process):
        async with httpx2.AsyncClient(base_url=url) as http:
            for method, path, status in (
                ("GET", "/livez", 200),
                ("GET", "/nothing%0A{}%20here", 404),
                ("PUT", "/graphql", 405),
                ("GET", "/graphql?query={viewer{kind}}", 200),
            ):
                answer = await http.request(method, path)
                request_id = answer.headers["X-Request-ID"]
                line = await line_of(process, request_id=request_id)
                assert (line["method"], line["status"], answer.status_code) == (method, status, status)
                assert line["path"] in {"/livez", "/nothing\n{} here", "/graphql"}
                assert 0 < line["milliseconds"] < 60_000
                assert (line["level"], line["time"][-1]) == ("info" if status == 200 else "warning", "Z")
                assert answer.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
        ended = [line for line in lines_of(process) if line["event"] == "request.ended"]
        assert len({line["request_id"] for line in ended}) == len(ended) == 4


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.asyncio
async def test_a_line_names_the_operation_and_the_kind_of_caller(database_url: str, tmp_path: Path) -> None:
    named, long = "query Who { viewer { kind } }", f"query {'N' * 5_000} {{ viewer {{ kind }} }}"
    operator = Operator(folder=tmp_path, variables={"DB_URL": database_url})
    with operator.serving() as (url, process):
        guest, another = Client(url=url, guest="a guest"), Client(url=url, guest="another")
        told: list[Json] = []
        for client, document in ((guest, named), (guest, long), (another, "{ viewer { kind } }")):
            answer = await client.execute(document)
            told.append(await line_of(process, request_id=answer.headers["X-Request-ID"]))
        assert [line["operation"] for line in told] == ["query Who", f"query {'N' * 64}", "query"]
        assert {line["viewer"] for line in told} == {"GUEST"}
        assert told[0]["owner"] == told[1]["owner"] != told[2]["owner"]
        async with guest.socket() as socket:
            assert [event async for event in socket.subscribe(named)]
        await line_of(process, "operation.ended", operation="query Who", viewer="GUEST")


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.asyncio
async def test_an_id_is_taken_over_when_it_is_sane(database_url: str, tmp_path: Path) -> None:
    sane = ["a", "A-b_c.9", "x" * 64, "6f1c9b1e-0b8e-4c58-a3c5-7d9f4e0a2b11"]
    odd = ["", " ", "x" * 65, "a b", 'a"b', "a;b", "ä", "<script>", "{}", "a,b", "../x", "a\tb"]
    operator = Operator(folder=tmp_path, variables={"DB_URL": database_url})
    with operator.serving() as (url, process):
        for sent in sane:
            answer = await raw_http.post(url, "{ nothing }", ("X-Request-ID", sent))
            assert answer.headers["X-Request-ID"] == answer.error["extensions"]["requestId"] == sent
            assert (await line_of(process, request_id=sent))["path"] == "/graphql"
        for sent in odd:
            answer = await raw_http.post(url, "{ nothing }", ("X-Request-ID", sent))
            made = answer.headers["X-Request-ID"]
            assert (len(made), made.isalnum()) == (32, True)
            assert answer.error["extensions"]["requestId"] == made


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.asyncio
async def test_a_client_that_goes_away_is_no_failure(database_url: str, tmp_path: Path) -> None:
    operator = Operator(folder=tmp_path, variables={"DB_URL": database_url})
    with operator.serving() as (url, process):
        address = urlsplit(url)
        _, writer = await asyncio.open_connection(address.hostname, address.port)
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\nContent-Length: 99"
        )
        writer.write(f"{head}\r\n\r\n{{".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        line = await line_of(process, path="/graphql")
        assert line["status"] is None
        async with Client(url=url, guest="a guest").socket() as socket:
            await socket.connection.close()
        await line_of(process, method="WEBSOCKET")
        assert {line["level"] for line in lines_of(process)} == {"info"}


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.asyncio
async def test_no_secret_is_logged(database_url: str, tmp_path: Path, level: str) -> None:
    secrets = {"SECRET_KEY": "canary secret key, which is long enough for anybody", "ADMIN_TOKEN": "canary-admin-token"}
    variables = {"DB_URL": database_url, "EXTRACTIVE_PACE_SECONDS": "0", "LOG_LEVEL": level, **secrets}
    with Operator(folder=tmp_path, variables=variables).serving() as (url, process):
        tokens = await live_a_day(url)
        await Client(url=url, token="canary-admin-token").execute("{ viewer { kind } }")
        async with httpx2.AsyncClient(base_url=url) as http:
            await http.get("/graphql", params={"query": '{ video(by: {youtube: "canary-link"}) { id } }'})
            last = await http.get("/livez", params={"token": "canary-in-the-address"})
        await line_of(process, request_id=last.headers["X-Request-ID"])
        output = process.output()
        assert output.count("request.ended") > 10
    assert "canary" not in output.lower()
    assert [token for token in tokens if token in output] == []


async def live_a_day(url: str) -> list[str]:
    """Sign up, fail and succeed to sign in, take a note and ask, as a user and as a guest: the tokens that were used."""
    nobody = Client(url=url)
    account = {"email": EMAIL, "password": PASSWORD, "name": NAME}
    await nobody.execute(SIGN_UP, input=account | {"password": "canary"})
    first = (await nobody.execute(SIGN_UP, input=account)).data["userRegister"]["tokens"]
    await nobody.execute(SIGN_UP, input=account)
    await nobody.execute(SIGN_IN, input={"email": EMAIL, "password": f"{PASSWORD}, wrong"})
    second = (await nobody.execute(SIGN_IN, input={"email": EMAIL, "password": PASSWORD})).data["sessionCreate"][
        "tokens"
    ]
    await nobody.execute(REFRESH, input={"refreshToken": first["refreshToken"]})
    await nobody.execute(REFRESH, input={"refreshToken": first["refreshToken"]})
    await Client(url=url, token=WRONG_TOKEN).execute("{ viewer { kind } }")
    user = Client(url=url, token=second["accessToken"])
    await user.execute(TAKE_NOTE, input={"video": {"youtube": "sample-tide"}, "timestamp": "1:05", "text": NOTE})
    for person in (user, Client(url=url, guest=GUEST)):
        begun = (await person.execute(BEGIN)).data["conversationCreate"]["conversation"]["id"]
        sent = (await person.execute(SEND, input={"conversationId": begun, "text": QUESTION})).data["messageSend"]
        async with person.socket() as socket:
            events = [event["__typename"] async for event in socket.subscribe(FOLLOW, id=sent["reply"]["id"])]
        assert events[-1] == "ReplyDone"
    return [*first.values(), *second.values()]
