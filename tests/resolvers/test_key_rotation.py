"""While secret keys change: tokens of the previous one are good until it is taken away, and all new ones are of the current one."""

import pytest
from pydantic import SecretStr

from services.identity.keys import key_id_of
from services.settings import Settings
from tests.accounts import VIEWER, refresh, register, succeeded, viewer
from tests.client import Client, Json
from tests.forged_tokens import decode, expired, forgeries, of_two_keys, resigned
from tests.protocols.websocket.test_sign_in import FORBIDDEN, close_code, kind
from tests.server import Server, serving
from tests.settings import SECRET_KEY

pytestmark = pytest.mark.asyncio

SECOND_KEY = "the second key that is only for tests, and long enough"
sqlite_alone = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


def keyed(settings: Settings, current: str, previous: str | None = None) -> Settings:
    changes = {"secret_key": SecretStr(current), "secret_key_previous": previous and SecretStr(previous)}
    return settings.model_copy(update=changes)


def key_of(token: str) -> str:
    found: str = decode(token.partition(".")[0])["kid"]
    return found


def bearer(server: Server, tokens: Json) -> Client:
    return Client(url=server.url, token=tokens["accessToken"])


async def reason(server: Server, token: str) -> str:
    answer = await Client(url=server.url, token=token, guest="a guest").execute(VIEWER)
    assert answer.code == "UNAUTHENTICATED"
    found: str = answer.error["extensions"]["details"]["reason"]
    return found


async def test_nobody_is_signed_out_while_keys_change(settings: Settings) -> None:
    first, second = key_id_of(SECRET_KEY.encode()), key_id_of(SECOND_KEY.encode())
    async with serving(keyed(settings, SECRET_KEY), work=False) as before:
        old = succeeded(await register(before.nobody))["tokens"]
    assert key_of(old["accessToken"]) == first

    # Processes are restarted one by one: each knows both keys, and issues tokens that the others accept.
    async with (
        serving(keyed(settings, SECRET_KEY, SECOND_KEY), work=False) as last,
        serving(keyed(settings, SECOND_KEY, SECRET_KEY), work=False) as during,
    ):
        new = succeeded(await refresh(during.nobody, old["refreshToken"]))["tokens"]
        assert key_of(new["accessToken"]) == second
        for server in (last, during):
            for _ in range(25):
                for tokens in (old, new):
                    assert (await viewer(bearer(server, tokens)))["kind"] == "USER"
            for tokens in (old, new):
                assert await kind(server, {"authorization": f"Bearer {tokens['accessToken']}"}) == "USER"

    async with serving(keyed(settings, SECOND_KEY), work=False) as after:
        assert await reason(after, old["accessToken"]) == "INVALID"
        assert await close_code(after, {"authorization": f"Bearer {old['accessToken']}"}) == FORBIDDEN
        assert (await viewer(bearer(after, new)))["kind"] == "USER"
        # A session outlives the key: it is renewed by what no key signed.
        newest = succeeded(await refresh(after.nobody, new["refreshToken"]))["tokens"]
        assert key_of(newest["accessToken"]) == second


@sqlite_alone
async def test_two_keys_let_no_forged_token_in(settings: Settings) -> None:
    current, previous = SECOND_KEY.encode(), SECRET_KEY.encode()
    async with serving(keyed(settings, SECOND_KEY, SECRET_KEY), work=False) as server:
        genuine = str((await server.user()).token)
        forged = of_two_keys(genuine, current, previous) | forgeries(genuine, current)
        assert len(forged) > 200
        for flaw, token in forged.items():
            assert await reason(server, token) == "INVALID", flaw
        for flaw, token in of_two_keys(genuine, current, previous).items():
            if not flaw.endswith(", previous"):
                payload = {"authorization": f"Bearer {token}", "guestSessionId": "a guest"}
                assert await close_code(server, payload) == FORBIDDEN, flaw
        assert await reason(server, expired(resigned(genuine, previous), previous)) == "EXPIRED"
        assert (await viewer(Client(url=server.url, token=resigned(genuine, previous))))["kind"] == "USER"
