"""`providerKeysSet` and `User.providerKeys`: what is set, what is told, and what the database holds of it."""

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from db.models.tables import ProviderKey
from db.queries.provider_keys import SealedKeyRow
from services.identity.keys import Keyring
from services.identity.provider_keys import Provider, ProviderKeyService
from services.settings import Settings
from tests.conditions import until
from tests.provider_keys import audited, keys_set, keys_shown, set_keys, stored
from tests.resolvers.stored import user_id_of
from tests.server import Server, serving
from tests.settings import SECRET_KEY, settings_for

pytestmark = pytest.mark.asyncio

KEY = "sk-canary-51b0"
OTHER_SECRET = "another secret key, as long as it has to be, for tests"
NEITHER = {"gemini": False, "openrouter": False}


async def test_absent_is_left_alone_and_null_and_blank_remove(server: Server) -> None:
    user = await server.user()
    assert await keys_shown(user) == NEITHER
    assert await keys_set(user, gemini=KEY) == {"gemini": True, "openrouter": False}
    assert await keys_set(user, openrouter=KEY) == {"gemini": True, "openrouter": True}
    assert await keys_set(user) == {"gemini": True, "openrouter": True}
    assert await keys_set(user, gemini=None) == {"gemini": False, "openrouter": True}
    assert await keys_set(user, gemini=KEY, openrouter=" \t ") == {"gemini": True, "openrouter": False}
    assert await keys_set(user, gemini="", openrouter=None) == NEITHER
    assert await stored(server) == []
    assert await audited(server) == [
        {"providers": ["gemini"]},
        {"providers": ["openrouter"]},
        {"providers": ["gemini"]},
        {"providers": ["gemini", "openrouter"]},
        {"providers": ["gemini"]},
    ]


async def test_a_key_is_stored_trimmed_and_encrypted(server: Server) -> None:
    user = await server.user()
    await keys_set(user, gemini=f"  {KEY}\n")
    ((user_id, provider, sealed, sealed_by),) = await stored(server)
    assert (user_id, provider) == (await user_id_of(user), "gemini")
    assert KEY.encode() not in sealed
    assert KEY not in sealed_by
    key = await server.services.provider_keys.key_of(user_id, Provider.GEMINI)
    assert key is not None
    assert key.get_secret_value() == KEY
    await keys_set(user, gemini="the-one-after")
    ((*_, other, _),) = await stored(server)
    assert other != sealed


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("x" * 257, "TOO_LONG"),
        ("two words", "INVALID_CHARACTER"),
        ("two\nlines", "INVALID_CHARACTER"),
        ("nul\x00", "INVALID_CHARACTER"),
        ("bell\x07", "INVALID_CHARACTER"),
        ("cl\N{LATIN SMALL LETTER E WITH ACUTE}", "INVALID_CHARACTER"),
        ("\ud800", "INVALID_CHARACTER"),
    ],
    ids=ascii,
)
@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_what_is_no_key_is_refused_and_changes_nothing(server: Server, key: str, code: str) -> None:
    user = await server.user()
    await keys_set(user, gemini=KEY)
    before = await stored(server)
    answer = await set_keys(user, gemini=None, openrouter=key)
    (problem,) = answer.data["providerKeysSet"]["problems"]
    assert (problem["path"], problem["code"]) == (["openrouter"], code)
    assert key not in answer.data["providerKeysSet"]["message"]
    assert await stored(server) == before
    assert await audited(server) == [{"providers": ["gemini"]}]
    assert await keys_set(user, openrouter="x" * 256) == {"gemini": True, "openrouter": True}


async def test_both_problems_are_told_at_once(server: Server) -> None:
    answer = await set_keys(await server.user(), gemini="a b", openrouter="x" * 257)
    found = [(problem["path"], problem["code"]) for problem in answer.data["providerKeysSet"]["problems"]]
    assert found == [(["gemini"], "INVALID_CHARACTER"), (["openrouter"], "TOO_LONG")]
    assert await stored(server) == []


async def test_only_users_set_keys(server: Server) -> None:
    for caller in (server.nobody, server.guest()):
        assert (await set_keys(caller, gemini=KEY)).code == "UNAUTHENTICATED"
    assert await stored(server) == []


async def test_keys_are_ones_own(server: Server) -> None:
    user, other = await server.user(), await server.user()
    await keys_set(user, gemini=KEY)
    assert await keys_shown(other) == NEITHER
    await keys_set(other, gemini=None, openrouter=None)
    assert await keys_shown(user) == {"gemini": True, "openrouter": False}


async def test_what_is_moved_in_the_database_cannot_be_read(server: Server) -> None:
    """Neither by another user nor as the key of another provider; and nobody meets an error."""
    user, thief = await server.user(), await server.user()
    await keys_set(user, gemini=KEY, openrouter="of-the-user")
    await keys_set(thief, gemini="of-the-thief")
    user_id, thief_id = await user_id_of(user), await user_id_of(thief)
    sealed = {(row[0], row[1]): row[2] for row in await stored(server)}
    await overwrite(server, thief_id, "gemini", sealed[user_id, "gemini"])
    await overwrite(server, user_id, "openrouter", sealed[user_id, "gemini"])
    keys = server.services.provider_keys
    assert await keys.key_of(thief_id, Provider.GEMINI) is None
    assert await keys.key_of(user_id, Provider.OPENROUTER) is None
    assert await keys_shown(thief) == NEITHER
    assert await keys_shown(user) == {"gemini": True, "openrouter": False}
    await overwrite(server, user_id, "gemini", b"")
    assert await keys_shown(user) == NEITHER
    assert await keys_set(user, gemini=KEY) == {"gemini": True, "openrouter": False}


async def overwrite(server: Server, user_id: int, provider: str, sealed: bytes) -> None:
    row = (ProviderKey.user_id == user_id, ProviderKey.provider == provider)
    async with server.services.database.write() as tx:
        assert await tx.execute(update(ProviderKey).where(*row).values(sealed=sealed)) == 1


async def test_a_change_of_the_secret_key(settings: Settings) -> None:
    """Read as long as the old one is known, encrypted anew by the first worker, and good without the old one then."""
    async with serving(settings) as server:
        user = await server.user(email="ada@example.com")
        await keys_set(user, gemini=KEY, openrouter="of-the-user")
        user_id = await user_id_of(user)
        before = await stored(server)
    changed = changed_secret(settings, previous=SECRET_KEY)
    async with serving(changed, work=False) as server:
        assert await keys_of(server, user_id) == {"gemini": KEY, "openrouter": "of-the-user"}
        assert await stored(server) == before
        assert await server.services.provider_keys.reseal() == 2
        assert await server.services.provider_keys.reseal() == 0
        after = await stored(server)
        assert not {row[2] for row in before} & {row[2] for row in after}
        assert {row[3] for row in after} == {Keyring(OTHER_SECRET.encode()).current_id}
    async with serving(changed_secret(settings, previous=None), work=False) as server:
        assert await keys_of(server, user_id) == {"gemini": KEY, "openrouter": "of-the-user"}


async def test_a_worker_reseals_by_itself(settings: Settings) -> None:
    async with serving(settings, work=False) as server:
        await keys_set(await server.user(), gemini=KEY)
    async with serving(changed_secret(settings, previous=SECRET_KEY)) as server:

        async def is_resealed() -> bool:
            return [row[3] for row in await stored(server)] == [Keyring(OTHER_SECRET.encode()).current_id]

        await until(is_resealed)


async def test_many_are_resealed_in_batches_around_those_that_cannot_be(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.identity.provider_keys.RESEALED_AT_ONCE", 2)
    async with serving(settings, work=False) as server:
        users = [await server.user() for _ in range(3)]
        for user in users:
            await keys_set(user, gemini=KEY, openrouter=KEY)
        await overwrite(server, await user_id_of(users[0]), "gemini", b"no ciphertext")
        keyring = Keyring(OTHER_SECRET.encode(), SECRET_KEY.encode())
        assert await ProviderKeyService(server.services.database, keyring).reseal() == 5


async def test_a_key_that_changes_meanwhile_is_not_overwritten(server: Server) -> None:
    user = await server.user()
    await keys_set(user, gemini=KEY)
    user_id = await user_id_of(user)
    resealing = ProviderKeyService(server.services.database, Keyring(OTHER_SECRET.encode(), SECRET_KEY.encode()))
    (row,) = await stored(server)
    await keys_set(user, gemini="the-one-after")
    assert await resealing._reseal([SealedKeyRow(*row)]) == 0
    key = await server.services.provider_keys.key_of(user_id, Provider.GEMINI)
    assert key is not None
    assert key.get_secret_value() == "the-one-after"


async def test_a_lost_secret_key_is_told_once(settings: Settings) -> None:
    async with serving(settings, work=False) as server:
        user = await server.user()
        await keys_set(user, gemini=KEY)
        user_id = await user_id_of(user)
        service = ProviderKeyService(server.services.database, Keyring(OTHER_SECRET.encode()))
        with capture_logs() as logged:
            assert await service.reseal() == await service.reseal() == 0
        assert [(entry["event"], entry["count"]) for entry in logged] == [("provider_keys.lost", 1)]
        assert await service.key_of(user_id, Provider.GEMINI) is None
        assert await service.keys_of([user_id]) == [{}]
        # Whoever brings the secret key back has the keys back.
        assert await keys_shown(user) == {"gemini": True, "openrouter": False}


async def keys_of(server: Server, user_id: int) -> dict[str, str]:
    (keys,) = await server.services.provider_keys.keys_of([user_id])
    return {provider.value: key.get_secret_value() for provider, key in keys.items()}


def changed_secret(settings: Settings, *, previous: str | None) -> Settings:
    changes = {"secret_key": OTHER_SECRET, "secret_key_previous": previous}
    return settings_for(settings.database_url, settings.data_dir, **changes)
