"""ID tokens that must never be believed: each is one that Google could have issued, with a single flaw."""

import time
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.client import Json
from tests.forged_tokens import FAR_FUTURE, Sign, decode, encode, hs256, token, unsigned
from tests.servers.google import private_key, published


def rs256(name: str, bits: int = 2048) -> Sign:
    return lambda message: private_key(name, bits).sign(message, PKCS1v15(), SHA256())


def forgeries(genuine: str, kid: str) -> dict[str, str]:
    """By what is wrong with them."""
    head, body, _ = genuine.split(".")
    header, claims = decode(head), decode(body)
    return {
        **dict(_wrong_keys(header, claims, kid)),
        **dict(_wrong_headers(header, claims, kid)),
        **dict(_wrong_claims(header, claims, kid)),
        **dict(_wrong_forms(genuine, claims, kid)),
    }


def _wrong_keys(header: Json, claims: Json, kid: str) -> Iterator[tuple[str, str]]:
    public = private_key(kid).public_key()
    for encoding, form in (
        (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        (Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        (Encoding.PEM, PublicFormat.PKCS1),
    ):
        secret = public.public_bytes(encoding, form)
        name = f"{encoding} {form}"
        yield f"HS256 with the public key as {name}", token(header | {"alg": "HS256"}, claims, hs256(secret))
        yield f"RS256 by name, signed with the public key as {name}", token(header, claims, hs256(secret))
    yield "another key under the same id", token(header, claims, rs256("somebody else's"))
    yield "another key under an id of its own", token(header | {"kid": "theirs"}, claims, rs256("somebody else's"))
    yield "a key of 1024 bits", token(header | {"kid": "short"}, claims, rs256("short", 1024))
    yield (
        "RS512 with the right key",
        token(header | {"alg": "RS512"}, claims, lambda message: private_key(kid).sign(message, PKCS1v15(), SHA512())),
    )
    yield "no signature", token(header, claims, unsigned)
    yield "a signature of zeros", token(header, claims, lambda _message: bytes(256))


def _wrong_headers(header: Json, claims: Json, kid: str) -> Iterator[tuple[str, str]]:
    ours, theirs = rs256(kid), rs256("somebody else's")
    for algorithm in ("none", "None", "NONE", "", None, ["RS256"]):
        yield f"alg {algorithm!r}, unsigned", token(header | {"alg": algorithm}, claims, unsigned)
    for algorithm in ("none", "PS256", "ES256", "rs256"):
        yield f"alg {algorithm} with the right key", token(header | {"alg": algorithm}, claims, ours)
    yield "no alg", token({"typ": "JWT", "kid": kid}, claims, ours)
    yield "no kid", token({"typ": "JWT", "alg": "RS256"}, claims, ours)
    for other in ("", "unknown", "../../../../dev/null", None, 1, [kid], {"kid": kid}):
        yield f"kid {other!r}", token(header | {"kid": other}, claims, ours)
    for kind in ("at+jwt", "logout+jwt", "", None, 1, ["JWT"]):
        yield f"typ {kind!r}", token(header | {"typ": kind}, claims, ours)
    own = published("somebody else's")
    yield "a key of its own", token(header | {"jwk": own}, claims, theirs)
    for name in ("jku", "x5u"):
        yield f"a key elsewhere: {name}", token(header | {name: "http://127.0.0.1:9/keys"}, claims, theirs)
    yield "a certificate of its own", token(header | {"x5c": [own["n"]]}, claims, theirs)
    yield "a critical extension", token(header | {"crit": ["admin"], "admin": True}, claims, ours)
    yield "a payload that is not encoded", token(header | {"b64": False, "crit": ["b64"]}, claims, ours)


def _wrong_claims(header: Json, claims: Json, kid: str) -> Iterator[tuple[str, str]]:
    ours, now = rs256(kid), int(time.time())
    for name in ("iss", "aud", "sub", "exp", "iat"):
        yield f"no {name}", token(header, {one: value for one, value in claims.items() if one != name}, ours)
    client_id = claims["aud"]
    changes: dict[str, tuple[object, ...]] = {
        "iss": ("https://accounts.google.com.evil.example", "http://accounts.google.com", "", None, 1, [claims["iss"]]),
        "aud": ("another client", [client_id], [client_id, "another"], ["another"], client_id.upper(), "", None, 1),
        "azp": ("another client", "", None, [client_id], 1),
        "exp": (
            now - 1,
            now,
            0,
            -1,
            1e300,
            10**400,
            FAR_FUTURE,
            now + 86_500,
            str(now + 60),
            "tomorrow",
            None,
            [],
            True,
        ),
        "exp, which is no number,": (float("inf"), float("-inf"), float("nan")),
        "iat": (now + 3600, FAR_FUTURE, 1e300, "now", None, [], True, float("inf"), float("nan")),
        "nbf": (now + 3600, FAR_FUTURE, "now", None, [], float("nan")),
        "sub": ("", " ", None, 1234567890, ["1234567890"], True, "9" * 256, "1\x00", "\N{SUPERSCRIPT ONE}", "1\n"),
        "email": (1, True, ["ada@gmail.com"], {"email": "ada@gmail.com"}),
    }
    for name, values in changes.items():
        for number, value in enumerate(values):
            yield f"{name} {number}: {str(value)[:20]!r}", token(header, claims | {name.partition(",")[0]: value}, ours)
    for payload in (b"[]", b"null", b"1", b'"text"', b"{", b"", b"\xff", b"[" * 3_000):
        yield f"the payload {payload[:8]!r}", token(header, payload, ours)


def _wrong_forms(genuine: str, claims: Json, kid: str) -> Iterator[tuple[str, str]]:
    head, body, signature = genuine.split(".")
    header = decode(head)
    altered = encode(str(claims | {"sub": "1"}).replace("'", '"').replace("True", "true").encode())
    yield "other claims under an old signature", f"{head}.{altered}.{signature}"
    changed = token(header | {"x": 1}, claims, unsigned).split(".")[0]
    yield "another header under an old signature", f"{changed}.{body}.{signature}"
    yield "an altered signature", f"{head}.{body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    yield "half a signature", f"{head}.{body}.{signature[:100]}"
    yield "truncated", genuine[:-4]
    yield "cut in the payload", genuine[:200]
    yield "two parts", f"{head}.{body}"
    yield "four parts", f"{genuine}.{signature}"
    yield "five parts", f"{genuine}.{head}.{body}"
    yield "a word", "garbage"
    yield "dots", "..."
    yield "blanks around it", f" {genuine} "
    yield "a line end", f"{genuine}\n"
    yield "a character that decoders skip", f"{genuine}!"
    yield "padded", f"{genuine}=="
    yield "quotes", f'"{genuine}"'
    yield "a scheme before it", f"Bearer {genuine}"
    yield "letters of another script", genuine.replace(".", "\N{FULLWIDTH FULL STOP}")
    yield "NUL", f"{genuine}\x00"
    yield "a lone surrogate", f"{genuine}\ud800"
    yield "100 kB", "x" * 100_000
    yield "100 kB, well signed", token(header, claims | {"more": "x" * 100_000}, rs256(kid))
    yield "a token within a token", token(header | {"cty": "JWT"}, genuine.encode(), rs256(kid))
    yield "a token as a text", token(header, f'"{genuine}"'.encode(), rs256(kid))
    for header_text in (b"[]", b"null", b"{}", b"{", b"\xff", b"[" * 3_000):
        yield f"the header {header_text[:8]!r}{len(header_text)}", token(header_text, claims, rs256(kid))
