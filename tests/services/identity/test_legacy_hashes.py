"""Hashes of the old systems: verified as those made them, bounded, and never an exception."""

import base64
import hashlib

import bcrypt
import pytest

from services.identity import legacy_hashes
from services.identity.legacy_hashes import fits

PASSWORD = "correct é horse"
SALT = b"sixteen bytes ok"


def horix(password: str) -> str:
    """As Horix stored it: base64(salt + key)."""
    key = hashlib.pbkdf2_hmac("sha256", password.encode(), SALT, 390_000)
    return base64.b64encode(SALT + key).decode()


def werkzeug_pbkdf2(password: str, rounds: int = 1000, name: str = "sha256") -> str:
    key = hashlib.pbkdf2_hmac(name, password.encode(), b"saltsalt", rounds)
    return f"pbkdf2:{name}:{rounds}$saltsalt${key.hex()}"


def werkzeug_scrypt(password: str, n: int = 32768, r: int = 8, p: int = 1) -> str:
    key = hashlib.scrypt(password.encode(), salt=b"saltsaltsaltsalt", n=n, r=r, p=p, maxmem=132 * n * r * p)
    return f"scrypt:{n}:{r}:{p}$saltsaltsaltsalt${key.hex()}"


def passlib(password: str, rounds: int = 29000) -> str:
    def text(raw: bytes) -> str:
        return base64.b64encode(raw).decode().rstrip("=").replace("+", ".")

    key = hashlib.pbkdf2_hmac("sha256", password.encode(), SALT, rounds)
    return f"$pbkdf2-sha256${rounds}${text(SALT)}${text(key)}"


def with_bcrypt(password: str, prefix: str = "2b", cost: int = 4) -> str:
    made = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(cost)).decode()
    return made.replace("$2b$", f"${prefix}$", 1)


EVERY_KIND = {
    "Horix": horix(PASSWORD),
    "Horix, imported": legacy_hashes.HORIX_PREFIX + horix(PASSWORD),
    "werkzeug pbkdf2": werkzeug_pbkdf2(PASSWORD),
    "werkzeug pbkdf2 sha512": werkzeug_pbkdf2(PASSWORD, name="sha512"),
    "werkzeug scrypt": werkzeug_scrypt(PASSWORD),
    "passlib": passlib(PASSWORD),
    "bcrypt 2a": with_bcrypt(PASSWORD, "2a"),
    "bcrypt 2b": with_bcrypt(PASSWORD, "2b"),
    "bcrypt 2y": with_bcrypt(PASSWORD, "2y"),
}
MADE_BY_OTHERS = (
    # werkzeug 3.1, twice, and passlib 1.7.
    "pbkdf2:sha256:260000$D8ZAPtgYcXATQ2dN$4fa1ce45dd1e0f3617a25bbc370e6df5a822954084c44fa6f5910d8a8d54ad0f",
    (
        "scrypt:32768:8:1$0T7CxrDqd63Wu72L$c8cabe25ed04533ed799f4f2a4c53d567aac3a7f48be8686d81cccc400765f9c"
        "f39361a2996cc1ca5cf5d7fdd39ff65c58a56840fcc5b950a47d9f941d4b1813"
    ),
    "$pbkdf2-sha256$29000$3huj9L53TkmJcU4pRWgthQ$OgoQ7QXJrwjjUlsAlsWAX5GV9l00p040R.faaxI3QEk",
)


@pytest.mark.parametrize("stored", MADE_BY_OTHERS)
def test_what_their_own_libraries_made_is_understood(stored: str) -> None:
    assert fits(stored, PASSWORD)
    assert not fits(stored, "correct e\u0301 horse")


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_the_right_password_fits_and_no_other(kind: str) -> None:
    stored = EVERY_KIND[kind]
    assert fits(stored, PASSWORD)
    for other in ("", " ", PASSWORD.upper(), PASSWORD + " ", PASSWORD[:-1], "correct e\u0301 horse", stored):
        assert not fits(stored, other)


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_damaged_hash_fits_nothing(kind: str) -> None:
    stored = EVERY_KIND[kind]
    for damaged in (
        stored[:-1],
        stored + "0",
        stored + "\n",
        " " + stored,
        stored[:-4] + "!!!!",
        stored.replace("$", ":"),
        stored[: len(stored) // 2],
        stored.upper(),
        stored.rpartition("$")[0] + "$" + "\N{FULLWIDTH DIGIT ONE}" * 64,
    ):
        if damaged != stored:
            assert not fits(damaged, PASSWORD), damaged


def test_a_hash_that_would_take_too_long_fits_nothing_and_takes_no_time() -> None:
    key = "0" * 64
    for stored in (
        f"pbkdf2:sha256:999999999$salt${key}",
        f"pbkdf2:sha256:{legacy_hashes.MOST_ROUNDS + 1}$salt${key}",
        f"$pbkdf2-sha256$999999999$c2FsdA${'A' * 43}",
        f"scrypt:16777216:8:1$salt${key * 2}",
        f"scrypt:32768:8:9999$salt${key * 2}",
        f"scrypt:2:9999:9999$salt${key * 2}",
        # A number that scrypt does not take.
        f"scrypt:32767:8:1$salt${key * 2}",
        "$2b$31$" + "a" * 53,
        "$2b$15$" + "a" * 53,
        "$2b$00$" + "a" * 53,
        "$2x$04$" + "a" * 53,
    ):
        assert not fits(stored, PASSWORD), stored


def test_bcrypt_looks_at_no_more_than_72_bytes() -> None:
    stored = with_bcrypt("x" * 100)
    assert fits(stored, "x" * 72)
    assert fits(stored, "x" * 1024)
    assert not fits(stored, "x" * 71)
    # Cut in the middle of a character, as bytes are.
    assert fits(with_bcrypt("é" * 50 + "a"), "é" * 50 + "b")


def test_what_is_no_hash_fits_nothing() -> None:
    for stored in ("", "garbage", PASSWORD, "0" * 63, "$", "$$$$", "pbkdf2:md5:1$a$b", "$argon2id$v=19$", "\x00" * 64):
        assert not fits(stored, PASSWORD)
        assert not fits(stored, stored)
