"""Fetches the public keys that somebody else signs with, as they publish them (a JSON Web Key Set, RFC 7517)."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

import httpx2
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import InvalidKeyError
from jwt.algorithms import RSAAlgorithm
from pydantic import BaseModel, Field, ValidationError

FETCH_SECONDS = 5.0
"""For all of it, from the look-up of the name to the last byte."""
LARGEST_BYTES = 64 * 1024
MOST_KEYS = 20
KEY_BITS = range(2048, 8192 + 1)
MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?([0-9]{1,9})", re.IGNORECASE)
# What is compressed could be far larger than it looks; so nothing but plain bytes is asked for, or read.
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}


class KeysUnavailable(Exception):
    """There are no keys to verify with. Says why, for the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedKeys:
    keys: Mapping[str, RSAPublicKey]
    """By their ids; at least one."""
    max_age_seconds: int
    """How long the publisher says that they are good; 0 when it says nothing."""


class _Document(BaseModel):
    keys: list[object]


class _Key(BaseModel):
    kty: Literal["RSA"]
    use: Literal["sig"]
    alg: Literal["RS256"] = "RS256"
    kid: str = Field(min_length=1)
    n: str
    e: str


async def fetch(url: str) -> PublishedKeys:
    """Asks only there: no redirect is followed, and proxies of the environment do not count. Raises KeysUnavailable."""
    try:
        async with (
            asyncio.timeout(FETCH_SECONDS),
            httpx2.AsyncClient(trust_env=False, follow_redirects=False, timeout=FETCH_SECONDS) as client,
            client.stream("GET", url, headers=HEADERS) as response,
        ):
            if response.status_code != HTTPStatus.OK:
                raise KeysUnavailable(f"status {response.status_code}")
            body = await _read(response)
            return PublishedKeys(keys=_parse(body), max_age_seconds=_max_age(response.headers))
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, TimeoutError) as error:
        raise KeysUnavailable(type(error).__name__) from error


async def _read(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > LARGEST_BYTES:
            raise KeysUnavailable("too large")
    return bytes(body)


def _parse(body: bytes) -> dict[str, RSAPublicKey]:
    try:
        listed = _Document.model_validate_json(body).keys
    except ValidationError as error:
        raise KeysUnavailable("no key set") from error
    found = [_key(one) for one in listed[:MOST_KEYS]]
    keys = dict(one for one in found if one is not None)
    if not keys:
        raise KeysUnavailable("no keys")
    return keys


def _key(listed: object) -> tuple[str, RSAPublicKey] | None:
    """None for what is no key of the kind that we verify with."""
    try:
        told = _Key.model_validate(listed, strict=True)
        key = RSAAlgorithm.from_jwk({"kty": told.kty, "n": told.n, "e": told.e})
    except (ValidationError, InvalidKeyError, ValueError):
        return None
    return (told.kid, key) if isinstance(key, RSAPublicKey) and key.key_size in KEY_BITS else None


def _max_age(headers: httpx2.Headers) -> int:
    """What is left of it: a cache on the way may have kept the answer for a while."""
    found = MAX_AGE.search(headers.get("Cache-Control", ""))
    age = headers.get("Age", "0").strip()
    spent = int(age) if age.isascii() and age.isdecimal() and len(age) < 10 else 0  # noqa: PLR2004  digits of a number
    return 0 if found is None else max(0, int(found[1]) - spent)
