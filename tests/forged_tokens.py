"""Access tokens that must never be believed: each is a good one with a single flaw."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator

from services.identity.keys import key_id_of
from tests.client import Json

Sign = Callable[[bytes], bytes]

OTHER_KEY = b"another key that is also long enough for HS256"
REQUIRED_CLAIMS = ("exp", "iat", "sub", "aud", "iss", "jti", "sid")
FAR_FUTURE = 9_999_999_999


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(part: str) -> Json:
    """A part of a token as JSON."""
    found: Json = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def hs256(key: bytes) -> Sign:
    return lambda message: hmac.digest(key, message, hashlib.sha256)


def unsigned(message: bytes) -> bytes:
    del message
    return b""


def token(header: object, claims: object, sign: Sign) -> str:
    """By hand, since no library would make what an attacker makes."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims)]
    message = ".".join(encode(part) for part in parts)
    return f"{message}.{encode(sign(message.encode()))}"


def forgeries(genuine: str, key: bytes) -> dict[str, str]:
    """Tokens by what is wrong with them, made from a good one and from the key it was signed with."""
    return {
        **dict(_wrong_signatures(genuine, key)),
        **dict(_wrong_headers(genuine, key)),
        **dict(_wrong_claims(genuine, key)),
        **dict(_wrong_forms(genuine, key)),
    }


def expired(genuine: str, key: bytes) -> str:
    header, claims, _ = genuine.split(".")
    return token(decode(header), decode(claims) | {"exp": int(time.time()) - 1}, hs256(key))


def _wrong_signatures(genuine: str, key: bytes) -> Iterator[tuple[str, str]]:
    head, body, signature = genuine.split(".")
    header, claims = decode(head), decode(body)
    somebody_else = encode(json.dumps(claims | {"sub": "1", "user_id": 1, "email": "eve@example.com"}).encode())
    yield "another key", token(header, claims, hs256(OTHER_KEY))
    yield "an empty key", token(header, claims, hs256(b""))
    yield "the key's id as key", token(header, claims, hs256(header["kid"].encode()))
    yield "no signature", f"{head}.{body}."
    yield "a signature of zeros", f"{head}.{body}.{encode(bytes(32))}"
    yield "half a signature", f"{head}.{body}.{signature[:20]}"
    yield "an altered signature", f"{head}.{body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    yield "other claims under an old signature", f"{head}.{somebody_else}.{signature}"
    yield (
        "another header under an old signature",
        f"{encode(json.dumps(header | {'x': 1}).encode())}.{body}.{signature}",
    )
    yield "another key, and expired", token(header, claims | {"exp": 1}, hs256(OTHER_KEY))
    yield (
        "HS512 with our key",
        token(header | {"alg": "HS512"}, claims, lambda message: hmac.digest(key, message, hashlib.sha512)),
    )


def _wrong_headers(genuine: str, key: bytes) -> Iterator[tuple[str, str]]:
    head, body, _ = genuine.split(".")
    header, claims = decode(head), decode(body)
    ours, theirs = hs256(key), hs256(OTHER_KEY)
    for algorithm in ("none", "None", "NONE", "", None, ["HS256"]):
        yield f"alg {algorithm!r}, unsigned", token(header | {"alg": algorithm}, claims, unsigned)
    yield "alg none with our signature", token(header | {"alg": "none"}, claims, ours)
    yield "alg RS256", token(header | {"alg": "RS256"}, claims, ours)
    yield "no alg", token({name: header[name] for name in ("typ", "kid")}, claims, ours)
    for kind in ("JWT", "rt+jwt", "", None, 1):
        yield f"typ {kind!r}", token(header | {"typ": kind}, claims, ours)
    yield "no kid", token({name: header[name] for name in ("typ", "alg")}, claims, ours)
    yield "a kid that is a path", token(header | {"kid": "../../../../../dev/null"}, claims, hs256(b""))
    yield "a kid that is SQL", token(header | {"kid": "' UNION SELECT 'k' --"}, claims, hs256(b"k"))
    yield "a kid that is no text", token(header | {"kid": [header["kid"]]}, claims, ours)
    symmetric = {"kty": "oct", "k": encode(OTHER_KEY), "alg": "HS256"}
    yield "a key of its own", token(header | {"jwk": symmetric}, claims, theirs)
    yield "a key elsewhere", token(header | {"jku": "http://127.0.0.1:9/keys"}, claims, theirs)
    yield "a certificate elsewhere", token(header | {"x5u": "http://127.0.0.1:9/cert"}, claims, theirs)
    yield "a critical extension", token(header | {"crit": ["admin"], "admin": True}, claims, ours)
    yield "a payload that is not encoded", token(header | {"b64": False, "crit": ["b64"]}, claims, ours)


def _wrong_claims(genuine: str, key: bytes) -> Iterator[tuple[str, str]]:
    head, body, _ = genuine.split(".")
    header, claims = decode(head), decode(body)
    ours = hs256(key)
    for name in REQUIRED_CLAIMS:
        yield f"no {name}", token(header, {one: value for one, value in claims.items() if one != name}, ours)
    changes: dict[str, tuple[object, ...]] = {
        "exp": (1e300, 10**400, "tomorrow", None, [], {}, float("inf"), float("nan"), FAR_FUTURE * 1000),
        "nbf": (FAR_FUTURE, "now"),
        "iat": (FAR_FUTURE, "now", None),
        "aud": ("somebody-else", ["somebody-else"], "", None, 1),
        "iss": ("somebody-else", "", None, ["vidwiz"]),
        "sub": ("admin", "", None, 1, "1.5", "-1", "9" * 30, "9" * 5000),
        "sid": ("admin", "", None, [], "9" * 30),
        "jti": (None, 1),
    }
    for name, values in changes.items():
        for number, value in enumerate(values):
            yield f"{name} {number}: {str(value)[:20]!r}", token(header, claims | {name: value}, ours)
    for payload in (b"[]", b"null", b"1", b'"text"', b"{", b"", b"\xff", b"[" * 20_000):
        yield f"the payload {payload[:8]!r}", token(header, payload, ours)


def _wrong_forms(genuine: str, key: bytes) -> Iterator[tuple[str, str]]:
    head, body, signature = genuine.split(".")
    claims = decode(body)
    yield "a word", "garbage"
    yield "dots", "..."
    yield "two parts", f"{head}.{body}"
    yield "four parts", f"{genuine}.{signature}"
    yield "five parts", f"{genuine}.{head}.{body}"
    yield "a blank inside", f"{head}. {body}.{signature}"
    yield "quotes", f'"{genuine}"'
    yield "twice", f"{genuine},{genuine}"
    yield "in capitals", genuine.upper()
    yield "backwards", genuine[::-1]
    yield "long", "x" * 20_000
    yield "base64 that is none", f"{head}.{body}.!!!!"
    yield "two schemes", f"Bearer {genuine}"
    for header in (
        b"[]",
        b"null",
        b"{}",
        b"{",
        b"\xff",
        b"[" * 20_000,
        b'{"typ":' * 3_000,
        b'{"typ":' + b"9" * 5_000 + b"}",
    ):
        yield f"the header {header[:8]!r}{len(header)}", token(header, claims, hs256(key))


def of_two_keys(genuine: str, current: bytes, previous: bytes) -> dict[str, str]:
    """For a server that accepts both keys: the good token was signed with the current one."""
    head, body, signature = genuine.split(".")
    header, claims = decode(head), decode(body)
    ours, ours_before = key_id_of(current), key_id_of(previous)
    both = hs256(current)(f"{head}.{body}".encode()) + hs256(previous)(f"{head}.{body}".encode())
    relabelled = encode(json.dumps(header | {"kid": ours_before}).encode())
    ids = {
        "cut": ours_before[:8],
        "in capitals": ours_before.upper(),
        "with a blank": f"{ours_before} ",
        "of a third key": key_id_of(OTHER_KEY),
        "of both": f"{ours},{ours_before}",
    }
    return {
        "the previous key's id": token(header | {"kid": ours_before}, claims, hs256(current)),
        "the previous key under the current one's id": token(header, claims, hs256(previous)),
        "a third key under the previous one's id": token(header | {"kid": ours_before}, claims, hs256(OTHER_KEY)),
        "the previous key's id and an old signature": f"{relabelled}.{body}.{signature}",
        "a list of both ids": token(header | {"kid": [ours, ours_before]}, claims, hs256(previous)),
        "both signatures": f"{head}.{body}.{encode(both)}",
        **{f"an id {how}": token(header | {"kid": one}, claims, hs256(previous)) for how, one in ids.items()},
        **{f"{flaw}, previous": one for flaw, one in forgeries(resigned(genuine, previous), previous).items()},
    }


def resigned(genuine: str, key: bytes) -> str:
    """What a server with that key would have issued."""
    head, body, _ = genuine.split(".")
    return token(decode(head) | {"kid": key_id_of(key)}, decode(body), hs256(key))
