"""The keys that Google signs with: how long they are kept, when they are asked for again, and what is no key."""

import asyncio
import gzip
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from services.identity import published_keys
from services.identity.key_sets import (
    GRACE_SECONDS,
    LONGEST_SECONDS,
    REFETCH_SECONDS,
    RETRY_SECONDS,
    SHORTEST_SECONDS,
    KeySet,
)
from services.identity.published_keys import KeysUnavailable
from tests.conditions import until
from tests.servers.google import FakeGoogle, Fault, google, private_key, published

HOUR = 3600


@dataclass(slots=True)
class Clock:
    seconds: float = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def fake() -> Iterator[FakeGoogle]:
    with google() as fake:
        yield fake


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(fake: FakeGoogle, clock: Clock) -> KeySet:
    return KeySet(fake.keys_url, clock)


def is_of(key: RSAPublicKey | None, name: str) -> bool:
    return key is not None and key.public_numbers() == private_key(name).public_key().public_numbers()


@pytest.mark.asyncio
async def test_keys_are_fetched_once_and_found_by_their_ids(fake: FakeGoogle, keys: KeySet) -> None:
    assert fake.requests == 0
    for _ in range(3):
        assert is_of(await keys.find("older"), "older")
        assert is_of(await keys.find("newer"), "newer")
    assert fake.requests == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Cache-Control": "public, max-age=3600, must-revalidate"}, HOUR),
        ({"Cache-Control": "MAX-AGE = 3600"}, HOUR),
        ({"Cache-Control": 'max-age="3600"'}, HOUR),
        ({"Cache-Control": "public,max-age=3600", "Age": "600"}, HOUR - 600),
        ({"Cache-Control": "public, max-age=3600", "Age": "soon"}, HOUR),
        ({"Cache-Control": "public, max-age=3600", "Age": "9999999"}, SHORTEST_SECONDS),
        ({"Cache-Control": "max-age=1"}, SHORTEST_SECONDS),
        ({"Cache-Control": "max-age=0"}, SHORTEST_SECONDS),
        ({"Cache-Control": "no-store"}, SHORTEST_SECONDS),
        ({"Cache-Control": "s-maxage=7200"}, SHORTEST_SECONDS),
        ({"Cache-Control": "max-age=-5"}, SHORTEST_SECONDS),
        ({"Cache-Control": "max-age=soon"}, SHORTEST_SECONDS),
        ({}, SHORTEST_SECONDS),
        ({"Cache-Control": "max-age=999999999"}, LONGEST_SECONDS),
        ({"Cache-Control": "max-age=99999999999999999999"}, LONGEST_SECONDS),
    ],
)
@pytest.mark.asyncio
async def test_they_are_kept_for_as_long_as_google_says_within_bounds(
    fake: FakeGoogle, keys: KeySet, clock: Clock, headers: dict[str, str], seconds: int
) -> None:
    fake.headers = headers
    await keys.find("newer")
    clock.seconds += seconds - 1
    await keys.find("newer")
    assert fake.requests == 1
    clock.seconds += 1
    await keys.find("newer")
    assert fake.requests == 2


@pytest.mark.asyncio
async def test_a_new_key_is_fetched_and_an_old_one_forgotten(fake: FakeGoogle, keys: KeySet, clock: Clock) -> None:
    await keys.find("newer")
    fake.keys = [published("newer"), published("newest")]
    clock.seconds += REFETCH_SECONDS
    assert is_of(await keys.find("newest"), "newest")
    assert fake.requests == 2
    assert is_of(await keys.find("newer"), "newer")
    assert await keys.find("older") is None
    assert fake.requests == 2


@pytest.mark.asyncio
async def test_unknown_ids_are_asked_for_once_a_minute(fake: FakeGoogle, keys: KeySet, clock: Clock) -> None:
    assert await keys.find("unknown") is None
    for minute in range(1, 4):
        for number in range(20):
            assert await keys.find(f"unknown {number}") is None
        assert fake.requests == minute
        clock.seconds += REFETCH_SECONDS - 0.5
        assert await keys.find("unknown") is None
        assert fake.requests == minute
        # Also while Google is away, and what it said before goes on being good.
        fake.fault = Fault.SERVER_ERROR if minute == 2 else None
        clock.seconds += 0.5
        assert await keys.find("unknown") is None
        assert is_of(await keys.find("newer"), "newer")


@pytest.mark.asyncio
async def test_who_comes_at_once_waits_for_one_request(fake: FakeGoogle, keys: KeySet) -> None:
    fake.fault = Fault.SILENCE

    async def is_asked() -> bool:
        return fake.requests == 1

    async with asyncio.TaskGroup() as group:
        asking = [group.create_task(keys.find(name)) for name in ("newer", "older", "unknown") * 10]
        await until(is_asked)
        fake.fault = None
    found = [one.result() for one in asking]
    assert fake.requests == 1
    assert [key is not None for key in found] == [True, True, False] * 10


@pytest.mark.asyncio
async def test_who_gives_up_does_not_take_the_others_with_them(fake: FakeGoogle, keys: KeySet) -> None:
    fake.fault = Fault.SILENCE

    async def is_asked() -> bool:
        return fake.requests == 1

    async with asyncio.TaskGroup() as group:
        impatient = group.create_task(keys.find("newer"))
        await until(is_asked)
        patient = group.create_task(keys.find("newer"))
        impatient.cancel()
        fake.fault = None
    assert impatient.cancelled()
    assert is_of(patient.result(), "newer")


@pytest.mark.asyncio
async def test_who_breaks_off_cannot_make_us_ask_again_and_again(fake: FakeGoogle, keys: KeySet, clock: Clock) -> None:
    await keys.find("newer")
    clock.seconds += REFETCH_SECONDS
    fake.fault = Fault.SILENCE

    async def is_asked() -> bool:
        return fake.requests == 2

    async with asyncio.TaskGroup() as group:
        impatient = group.create_task(keys.find("unknown"))
        await until(is_asked)
        impatient.cancel()
    fake.fault = None
    for _ in range(5):
        assert await keys.find("unknown") is None
    assert fake.requests == 2


@pytest.mark.asyncio
async def test_who_has_an_old_key_does_not_wait(fake: FakeGoogle, keys: KeySet, clock: Clock) -> None:
    await keys.find("newer")
    clock.seconds += HOUR
    fake.fault = Fault.SILENCE

    async def is_asked() -> bool:
        return fake.requests == 2

    async with asyncio.TaskGroup() as group:
        first = group.create_task(keys.find("newer"))
        await until(is_asked)
        assert is_of(await keys.find("newer"), "newer")
        assert not first.done()
        fake.fault = None
    assert is_of(first.result(), "newer")
    assert fake.requests == 2


@pytest.mark.asyncio
async def test_while_google_is_away_old_keys_serve_for_a_day(fake: FakeGoogle, keys: KeySet, clock: Clock) -> None:
    await keys.find("newer")
    fake.fault = Fault.SERVER_ERROR
    clock.seconds += HOUR
    for _ in range(5):
        assert is_of(await keys.find("newer"), "newer")
    assert fake.requests == 2
    clock.seconds += GRACE_SECONDS - 1
    assert is_of(await keys.find("newer"), "newer")
    clock.seconds += 1
    for _ in range(5):
        with pytest.raises(KeysUnavailable):
            await keys.find("newer")
    # With nothing left it is tried more often.
    clock.seconds += REFETCH_SECONDS
    with pytest.raises(KeysUnavailable):
        await keys.find("newer")
    asked = fake.requests
    clock.seconds += RETRY_SECONDS
    fake.fault = None
    assert is_of(await keys.find("newer"), "newer")
    assert fake.requests == asked + 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff",
        b"null",
        b"[]",
        b"{}",
        b'{"keys": null}',
        b'{"keys": {}}',
        b'{"keys": []}',
        b'{"keys": [null, 1, "key", [], {}]}',
        b"[" * 60_000,
        b'{"keys": ' + b"[" * 60_000,
        gzip.compress(json.dumps({"keys": [published("newer")]}).encode()),
        json.dumps({"keys": [published("newer")], "more": "x" * 64 * 1024}).encode(),
    ],
    # Compressed, the time is in it: each process would give the test another name.
    ids=itertools.count(),
)
@pytest.mark.asyncio
async def test_an_answer_that_is_none_leaves_the_keys_as_they_were(
    fake: FakeGoogle, keys: KeySet, clock: Clock, body: bytes
) -> None:
    await keys.find("newer")
    fake.body = body
    clock.seconds += HOUR
    assert is_of(await keys.find("newer"), "newer")
    assert fake.requests == 2
    with pytest.raises(KeysUnavailable):
        await KeySet(fake.keys_url, clock).find("newer")


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.HANG_UP, Fault.REDIRECT])
@pytest.mark.asyncio
async def test_a_failure_is_tried_again_after_a_pause(
    fake: FakeGoogle, keys: KeySet, clock: Clock, fault: Fault
) -> None:
    fake.fault = fault
    for _ in range(3):
        with pytest.raises(KeysUnavailable):
            await keys.find("newer")
    # A redirect is not followed either.
    assert fake.requests == 1
    fake.fault = None
    clock.seconds += RETRY_SECONDS
    assert is_of(await keys.find("newer"), "newer")


@pytest.mark.parametrize("fault", [Fault.SILENCE, Fault.DRIPPING])
@pytest.mark.asyncio
async def test_it_does_not_wait_for_ever(
    fake: FakeGoogle, keys: KeySet, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published_keys, "FETCH_SECONDS", 0.2)
    fake.fault = fault
    with pytest.raises(KeysUnavailable):
        await keys.find("newer")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/keys", "http://", "no url", "ftp://127.0.0.1/keys"])
@pytest.mark.asyncio
async def test_where_nobody_answers_there_are_no_keys(url: str) -> None:
    with pytest.raises(KeysUnavailable):
        await KeySet(url).find("newer")


@pytest.mark.asyncio
async def test_proxies_of_the_environment_do_not_count(keys: KeySet, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert is_of(await keys.find("newer"), "newer")


@pytest.mark.asyncio
async def test_only_keys_of_the_right_kind_count(fake: FakeGoogle, keys: KeySet) -> None:
    curve = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key(), as_dict=True)
    private = RSAAlgorithm.to_jwk(private_key("newer"), as_dict=True)
    told = published("newer")
    fake.keys = [
        published("newer", kid="for encryption", use="enc"),
        {name: value for name, value in told.items() if name != "use"} | {"kid": "for anything"},
        published("newer", kid="of another algorithm", alg="RS512"),
        published("newer", kid="of another kind", kty="oct", k="AAAA"),
        {**curve, "kid": "a curve", "use": "sig"},
        published("short", 1024),
        published("newer", kid=""),
        published("newer", kid=7),
        published("newer", kid="no number", n=7),
        published("newer", kid="an empty number", n=""),
        published("newer", kid="no base64", n="!"),
        published("newer", kid="an even exponent", e="Ag"),
        published("newer", kid="an exponent of one", e="AQ"),
        {name: value for name, value in told.items() if name != "n"} | {"kid": "half"},
        {**told, **private, "kid": "a private key", "use": "sig"},
        {name: value for name, value in told.items() if name != "alg"} | {"kid": "without alg"},
    ]
    found = {str(one["kid"]): await keys.find(str(one["kid"])) for one in fake.keys}
    assert {name for name, key in found.items() if key is not None} == {"a private key", "without alg"}
    # What is secret in it is not read.
    assert all(isinstance(key, RSAPublicKey) for key in found.values() if key is not None)


@pytest.mark.asyncio
async def test_of_very_many_keys_the_first_count(fake: FakeGoogle, keys: KeySet) -> None:
    fake.keys = [published("newer", kid=str(number)) for number in range(21)]
    assert await keys.find("19") is not None
    assert await keys.find("20") is None
