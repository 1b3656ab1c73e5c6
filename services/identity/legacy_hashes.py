"""Password hashes that the systems before this one stored: verified at a sign-in, and never made."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable

import bcrypt

# Beyond these a stored hash is taken for damaged: to verify it would hold up a thread for seconds.
MOST_ROUNDS = 2_000_000
MOST_BCRYPT_COST = 14
MOST_SCRYPT_BLOCKS = 1 << 20  # n · r · p, an eighth of the bytes that it takes

HORIX_ROUNDS = 390_000
HORIX_SALT_BYTES = 16
HORIX_PREFIX = "$horix$"
"""What an importer writes before the 64 characters that Horix stored. They are understood alone, too: no other kind looks so."""
HORIX = re.compile(r"(?:\$horix\$)?([A-Za-z0-9+/]{64})")
WERKZEUG_PBKDF2 = re.compile(r"pbkdf2:(sha1|sha256|sha512):([1-9][0-9]{0,8})\$([^$]{1,200})\$([0-9a-f]{40,128})")
WERKZEUG_SCRYPT = re.compile(
    r"scrypt:([1-9][0-9]{0,7}):([1-9][0-9]{0,3}):([1-9][0-9]{0,3})\$([^$]{1,200})\$([0-9a-f]{128})"
)
PASSLIB = re.compile(r"\$pbkdf2-sha256\$([1-9][0-9]{0,8})\$([A-Za-z0-9./]{1,200})\$([A-Za-z0-9./]{43})")
BCRYPT = re.compile(r"\$2[aby]\$([0-9]{2})\$[A-Za-z0-9./]{53}")
BCRYPT_BYTES = 72
"""Of a longer password bcrypt looks at no more; the old systems cut it there."""


def fits(stored: str, password: str) -> bool:
    """Whether the password is the one that was hashed; False also for what is no hash of a known kind."""
    for pattern, verify in KINDS:
        match = pattern.fullmatch(stored)
        if match is not None:
            try:
                return verify(match, password.encode())
            except (ValueError, binascii.Error, MemoryError):
                # It looked like a hash, and is none: a length that cannot be, or a salt with a bit too many.
                return False
    return False


def _horix(match: re.Match[str], password: bytes) -> bool:
    raw = base64.b64decode(match[1], validate=True)
    salt, key = raw[:HORIX_SALT_BYTES], raw[HORIX_SALT_BYTES:]
    return _is_pbkdf2("sha256", password, salt, HORIX_ROUNDS, key)


def _werkzeug_pbkdf2(match: re.Match[str], password: bytes) -> bool:
    name, rounds, salt, key = match.groups()
    return _is_pbkdf2(name, password, salt.encode(), int(rounds), bytes.fromhex(key))


def _passlib(match: re.Match[str], password: bytes) -> bool:
    rounds, salt, key = match.groups()
    return _is_pbkdf2("sha256", password, _unpadded(salt), int(rounds), _unpadded(key))


def _werkzeug_scrypt(match: re.Match[str], password: bytes) -> bool:
    n, r, p = (int(number) for number in match.groups()[:3])
    if n * r * p > MOST_SCRYPT_BLOCKS:
        return False
    made = hashlib.scrypt(password, salt=match[4].encode(), n=n, r=r, p=p, maxmem=132 * n * r * p, dklen=64)
    return hmac.compare_digest(made, bytes.fromhex(match[5]))


def _bcrypt(match: re.Match[str], password: bytes) -> bool:
    if int(match[1]) > MOST_BCRYPT_COST:
        return False
    return bcrypt.checkpw(password[:BCRYPT_BYTES], match[0].encode())


def _is_pbkdf2(name: str, password: bytes, salt: bytes, rounds: int, key: bytes) -> bool:
    if rounds > MOST_ROUNDS:
        return False
    made = hashlib.pbkdf2_hmac(name, password, salt, rounds)
    return hmac.compare_digest(made, key)


def _unpadded(text: str) -> bytes:
    """Base64 as passlib writes it: `.` in place of `+`, and no padding."""
    return base64.b64decode(text.replace(".", "+") + "=" * (-len(text) % 4), validate=True)


KINDS: list[tuple[re.Pattern[str], Callable[[re.Match[str], bytes], bool]]] = [
    (HORIX, _horix),
    (WERKZEUG_PBKDF2, _werkzeug_pbkdf2),
    (WERKZEUG_SCRYPT, _werkzeug_scrypt),
    (PASSLIB, _passlib),
    (BCRYPT, _bcrypt),
]
