"""The throttle as clients meet it: on signing in, registering and renewing, counted by attempt."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from sqlalchemy import update

from db import clock
from db.models.tables import AttemptCounter
from services.settings import Settings
from tests import raw_http
from tests.accounts import member, problems, refresh, register, sign_in, stored, succeeded
from tests.client import Answer, Client
from tests.server import Server, serving
from tests.settings import settings_for
from tests.statements import count_statements

Serve = Callable[..., AbstractAsyncContextManager[Server]]

MESSAGE = "Too many attempts. Try again later."
GUESS = 'sessionCreate(input: {email: "%s", password: "wrong horse"}) { __typename }'
PROXY = frozenset({"127.0.0.1"})
sqlite_alone = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


@pytest.fixture
def serve(settings: Settings) -> Serve:
    """Servers on one database, with the throttle on: ten attempts a minute unless changed."""

    @asynccontextmanager
    async def throttled(**changes: object) -> AsyncGenerator[Server]:
        ours = settings_for(settings.database_url, settings.data_dir, rate_limit_enabled=True, **changes)
        async with serving(ours, work=False) as server:
            yield server

    return throttled


def assert_throttled(answer: Answer, *, most_seconds: int = 60) -> None:
    extensions = answer.error["extensions"]
    assert (answer.status, answer.body["data"], answer.error["message"]) == (200, None, MESSAGE)
    seconds = extensions["details"]["resetInSeconds"]
    assert extensions == {
        "code": "RATE_LIMITED",
        "details": {"resetInSeconds": seconds},
        "requestId": answer.headers["X-Request-ID"],
    }
    assert most_seconds // 2 <= seconds <= most_seconds
    assert answer.headers["Retry-After"] == str(seconds)


async def guess(server: Server, email: str, *forwarded_for: str) -> str:
    """What becomes of a wrong password, sent with these lines of X-Forwarded-For."""
    headers = [("X-Forwarded-For", line) for line in forwarded_for]
    answer = await raw_http.post(server.url, f"mutation {{ {GUESS % email} }}", *headers)
    if "errors" in answer.body:
        return answer.code
    found: str = member(answer)["__typename"]
    return found


@pytest.mark.asyncio
async def test_an_address_has_so_many_attempts(serve: Serve) -> None:
    async with serve(rate_limit_auth="4/minute") as server:
        nobody = server.nobody
        # Whatever one comes to do, and however it ends.
        made = succeeded(await register(nobody))
        assert problems(await register(nobody, "nobody")) == [("email", "INVALID_FORMAT")]
        assert member(await sign_in(nobody, password="wrong horse"))["__typename"] == "InvalidCredentials"
        renewed = succeeded(await refresh(nobody, made["tokens"]["refreshToken"]))
        before = await stored(server)

        assert_throttled(await register(nobody, "eve@example.com"))
        assert_throttled(await sign_in(nobody))
        assert_throttled(await refresh(nobody, renewed["tokens"]["refreshToken"]))
        assert_throttled(await sign_in(server.guest()))
        assert_throttled(await sign_in(Client(url=server.url, token=renewed["tokens"]["accessToken"])))

        assert await stored(server) == before
        assert (await nobody.execute("{ server { version } }")).data["server"]["version"]
        async with server.services.database.write() as tx:
            await tx.execute(update(AttemptCounter).values(resets_at=clock.seconds_from_now(-1)))
        succeeded(await refresh(nobody, renewed["tokens"]["refreshToken"]))
        succeeded(await sign_in(nobody))


@pytest.mark.asyncio
async def test_one_request_is_one_attempt_at_most(serve: Serve) -> None:
    async with serve() as server:
        guesses = " ".join(f"g{number}: {GUESS % f'{number}@example.com'}" for number in range(10))
        fragment = f"fragment Guess on Mutation {{ again: {GUESS % 'ada@example.com'} }}"
        for mutation in (guesses, f"{GUESS % 'ada@example.com'} ...Guess"):
            async with count_statements(server.services.database._engines) as statements:
                answer = await server.nobody.execute(
                    f"mutation {{ {mutation} }} {fragment if '...' in mutation else ''}"
                )
            assert (answer.code, "data" in answer.body) == ("QUERY_TOO_COMPLEX", False)
            assert answer.error["extensions"]["details"]["limit"] == "sessionCreate"
            assert statements == []
        # Nothing was counted: all ten attempts of the minute are left.
        assert [await guess(server, f"{number}@example.com") for number in range(11)] == [
            *["InvalidCredentials"] * 10,
            "RATE_LIMITED",
        ]


@pytest.mark.asyncio
async def test_is_exact_over_two_servers(serve: Serve) -> None:
    async with serve() as here, serve() as there:
        clients = [here.nobody, there.nobody] * 20
        answers = await asyncio.gather(*(register(client, "no address", password="") for client in clients))
        counted = Counter("refused" if "errors" in answer.body else "looked at" for answer in answers)
        assert counted == {"looked at": 10, "refused": 30}
        assert {answer.code for answer in answers if "errors" in answer.body} == {"RATE_LIMITED"}
        for server in (here, there):
            assert_throttled(await register(server.nobody))
        assert (await stored(here))["users"] == 0


@pytest.mark.asyncio
async def test_the_eleventh_guess_at_an_account_is_not_tried(serve: Serve) -> None:
    async with serve(rate_limit_auth="1000/minute", trusted_proxies=PROXY) as server:
        succeeded(await register(server.nobody))
        spellings = ["ada@example.com", " ADA@example.com ", "Ada <ada@example.com>"]
        guesses = [await guess(server, spellings[number % 3]) for number in range(11)]
        assert guesses == ["InvalidCredentials"] * 10 + ["RATE_LIMITED"]

        # Not even with the right password; but other accounts are free, and so is the owner at another address.
        assert_throttled(await sign_in(server.nobody), most_seconds=15 * 60)
        assert await guess(server, "eve@example.com") == "InvalidCredentials"
        assert await guess(server, "ada@example.com", "192.0.2.7") == "InvalidCredentials"
        assert (await stored(server))["sessions"] == 1


@sqlite_alone
@pytest.mark.asyncio
async def test_a_client_cannot_choose_its_address(serve: Serve) -> None:
    async with serve(rate_limit_auth="3/minute") as server:
        answers = [await guess(server, f"{number}@example.com", f"192.0.2.{number}") for number in range(5)]
        assert answers == ["InvalidCredentials"] * 3 + ["RATE_LIMITED"] * 2


@sqlite_alone
@pytest.mark.asyncio
async def test_a_trusted_proxy_says_whose_attempt_it_is(serve: Serve) -> None:
    async with serve(rate_limit_auth="2/minute", trusted_proxies=PROXY) as server:
        for client in ("192.0.2.1", "192.0.2.2", "2001:db8::1"):
            answers = [await guess(server, f"{number}@example.com", client) for number in range(3)]
            assert answers == ["InvalidCredentials", "InvalidCredentials", "RATE_LIMITED"]
        # What a client writes before the proxy's own entry changes nothing, on the same line or on one above.
        for number in range(3):
            assert await guess(server, "x@example.com", f"198.51.100.{number}, 192.0.2.1") == "RATE_LIMITED"
            assert await guess(server, "x@example.com", f"198.51.100.{number}", "192.0.2.1") == "RATE_LIMITED"


@sqlite_alone
@pytest.mark.asyncio
async def test_everybody_may_try_for_ever_when_it_is_off(settings: Settings) -> None:
    async with serving(settings, work=False) as server:
        assert settings.rate_limit_enabled is False
        assert [await guess(server, "ada@example.com") for _ in range(12)] == ["InvalidCredentials"] * 12
