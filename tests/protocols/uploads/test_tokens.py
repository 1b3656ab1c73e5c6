"""Check 25 of upload URLs: what we have not signed opens nothing, and no token is written into the log."""

import random
import string
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from services.errors import NotFound
from services.identity.keys import Keyring
from services.storage.links import Link, SignedLinks
from services.uploads import UploadPurpose
from tests.client import UNUSED_TLS, Client
from tests.commands import Operator
from tests.conditions import until
from tests.protocols.http.exchanges import assert_refused
from tests.resolvers.stored import user_id_of
from tests.server import PASSWORD, REGISTER, Server
from tests.uploads import FILE, Created, create, keys_to_remove

KEYRING = Keyring(b"a key that is only for tests, long enough")
LINKS = SignedLinks(KEYRING, "upload")
EXPIRES = datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)
ALPHABET = string.ascii_letters + string.digits + "-_.~%/ =+\0\n\x7fé" + chr(0x663) + chr(0xFF11)


def mutations(token: str, number: int) -> set[str]:
    """Different from the token, and many of them nearly the same."""
    dice = random.Random(25)  # noqa: S311  the same ones in each run
    found: set[str] = set()
    while len(found) < number:
        characters = list(token)
        for _ in range(dice.choice((1, 1, 1, 2, 5))):
            place, letter = dice.randrange(len(characters)), dice.choice(ALPHABET)
            match dice.randrange(5):
                case 0:
                    characters[place] = letter
                case 1:
                    characters.insert(place, letter)
                case 2 if len(characters) > 1:
                    del characters[place]
                case 3:
                    characters[place] = characters[place].swapcase()
                case _:
                    other = dice.randrange(len(characters))
                    characters[place], characters[other] = characters[other], characters[place]
        found.add("".join(characters))
        found.discard(token)
    return found


def test_what_was_signed_is_read_again() -> None:
    assert LINKS.read(LINKS.sign(42, EXPIRES)) == Link(42, EXPIRES)
    assert LINKS.read(LINKS.sign(42, EXPIRES - timedelta(microseconds=1))) == Link(42, EXPIRES)


def test_of_ten_thousand_altered_tokens_none_is_accepted() -> None:
    token = LINKS.sign(4711, EXPIRES)
    altered = mutations(token, 10_000)
    assert len(altered) == 10_000
    assert [one for one in altered if LINKS.read(one) is not None] == []


def test_a_token_of_another_purpose_or_key_is_none() -> None:
    others = (
        SignedLinks(KEYRING, "media"),
        SignedLinks(Keyring(b"another key that is for tests, long enough"), "upload"),
    )
    for other in others:
        assert LINKS.read(other.sign(42, EXPIRES)) is None


def test_a_number_is_written_in_one_way() -> None:
    _, expires, signature = LINKS.sign(42, EXPIRES).split(".")
    for number in ("042", "+42", "42 ", " 42", f"4{chr(0xFF12)}", "0x2a", "42.0", ""):
        assert LINKS.read(f"{number}.{expires}.{signature}") is None


def test_while_keys_change_links_of_the_old_one_are_good() -> None:
    token = SignedLinks(Keyring(b"the old key that is for tests, long enough"), "upload").sign(42, EXPIRES)
    changed = Keyring(b"the new key that is for tests, long enough", b"the old key that is for tests, long enough")
    assert SignedLinks(changed, "upload").read(token) == Link(42, EXPIRES)


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.asyncio
async def test_no_altered_address_takes_a_file(server: Server) -> None:
    user, other = await server.user(), await server.user()
    created, foreign = await create(user), await create(other)
    base, token = created.url.rsplit("/", 1)
    number, expires, signature = token.split(".")
    foreign_number, *_ = foreign.url.rsplit("/", 1)[1].split(".")
    addresses = [
        *(f"{base}/{one}" for one in sorted(mutations(token, 200)) if one.isascii() and one.isprintable()),
        f"{base}/{foreign_number}.{expires}.{signature}",
        f"{base}/{number}.{int(expires) + 3600}.{signature}",
        f"{base}/{token}/",
        f"{base}/{token}/x",
        f"{base}//{token}",
        f"{base}/",
        base,
        base.removesuffix("uploads") + "avatars/" + token,
        base.removesuffix("uploads") + "media/" + token,
    ]
    async with httpx2.AsyncClient(timeout=30, verify=UNUSED_TLS) as http:
        for address in addresses:
            response = await http.put(address.replace(" ", "%20"), content=FILE, headers=created.headers)
            assert response.status_code in {404, 405}, address
            assert_refused(response, response.status_code, address)
    for one, owner in ((created, user), (foreign, other)):
        assert not await has_arrived(server, one, owner)
    assert await keys_to_remove(server) == []


async def has_arrived(server: Server, created: Created, owner: Client) -> bool:
    try:
        await server.services.uploads.waiting(await user_id_of(owner), created.row_id, UploadPurpose.AVATAR)
    except NotFound:
        return False
    return True


@pytest.mark.asyncio
async def test_no_token_is_written_into_the_log(tmp_path: Path) -> None:
    operator = Operator(folder=tmp_path, variables={"LOG_LEVEL": "DEBUG", "YOUTUBE_ORIGIN": "http://127.0.0.1:9"})
    operator.run("migrate")
    with operator.serving() as (url, process):
        nobody = Client(url=url)
        user = Client(url=url, token=await registered(nobody))
        created = await create(user)
        token = created.url.rsplit("/", 1)[1]
        assert (await created.put(FILE + b"!")).status_code == 413
        assert (await created.put(Content_Type="text/html")).status_code == 415
        assert (await created.put()).status_code == 204
        async with httpx2.AsyncClient(timeout=30, verify=UNUSED_TLS) as http:
            for folder in ("avatars", "media"):
                await http.get(f"{url}/{folder}/{token}")

        async def is_written() -> bool:
            return process.output().count("/media/") == 1

        await until(is_written)
        assert process.output().count('"path": "/uploads/') == 3
        assert token not in process.output()
        assert token.split(".")[2] not in process.output()


async def registered(nobody: Client) -> str:
    answer = await nobody.execute(REGISTER, email="ada@example.com", password=PASSWORD)
    token: str = answer.data["userRegister"]["tokens"]["accessToken"]
    return token
