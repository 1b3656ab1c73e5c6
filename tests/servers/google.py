"""A stand-in for Google on loopback: publishes keys, and signs ID tokens as Google does for pages that sign people in."""

import json
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cache
from http import HTTPStatus
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from tests.servers.answering import AnsweringServer, QuietHandler, answering

CLIENT_ID = "1234567890-tests.apps.googleusercontent.com"
ISSUER = "https://accounts.google.com"
LIFE_SECONDS = 3600

Json = Mapping[str, object]


class Fault(Enum):
    SERVER_ERROR = auto()
    HANG_UP = auto()
    REDIRECT = auto()
    """To where the keys are."""
    SILENCE = auto()
    """No answer until the script changes."""
    DRIPPING = auto()
    """A byte now and then, until the script changes."""


def private_key(name: str, bits: int = 2048) -> RSAPrivateKey:
    """The same for the same name and size."""
    return _make_key(name, bits)


@cache
def _make_key(name: str, bits: int) -> RSAPrivateKey:
    """Once a run, since it takes long."""
    del name
    return generate_private_key(public_exponent=65537, key_size=bits)


def published(name: str, bits: int = 2048, **changes: object) -> Json:
    """The public half as Google writes it."""
    told = RSAAlgorithm.to_jwk(private_key(name, bits).public_key(), as_dict=True)
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": name, "n": told["n"], "e": told["e"], **changes}


def claims_of(subject: str, email: str | None, **changes: object) -> dict[str, object]:
    """As Google writes them; a change to None leaves the claim out."""
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "azp": CLIENT_ID,
        "aud": CLIENT_ID,
        "sub": subject,
        "email": email,
        "email_verified": True,
        "nbf": now - 300,
        "name": "Ada Lovelace",
        "picture": "https://lh3.googleusercontent.com/a/ada=s96-c",
        "given_name": "Ada",
        "family_name": "Lovelace",
        "iat": now,
        "exp": now + LIFE_SECONDS,
        "jti": uuid4().hex,
    }
    return {name: value for name, value in (claims | changes).items() if value is not None}


@dataclass(slots=True)
class FakeGoogle:
    """What it answers may change at any time."""

    origin: str
    keys: list[Json] = field(default_factory=lambda: [published("older"), published("newer")])
    headers: dict[str, str] = field(default_factory=lambda: {"Cache-Control": "public, max-age=3600, must-revalidate"})
    body: bytes | None = None
    """In place of the keys."""
    fault: Fault | None = None
    requests: int = 0
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def keys_url(self) -> str:
        return f"{self.origin}/oauth2/v3/certs"

    def credential(self, subject: str, email: str | None, **changes: object) -> str:
        """A new ID token, signed by the newer key."""
        claims = claims_of(subject, email, **changes)
        return jwt.encode(claims, private_key("newer"), "RS256", headers={"kid": "newer"})

    def goes_on(self, fault: Fault) -> bool:
        """Whether the fault is still there, after a moment."""
        return self.fault is fault and not self.closing.wait(0.01)


@contextmanager
def google() -> Generator[FakeGoogle]:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.google = FakeGoogle(origin=server.origin)
    with answering(server, server.google.closing):
        yield server.google


class _Server(AnsweringServer):
    google: FakeGoogle


class _Handler(QuietHandler):
    def do_GET(self) -> None:  # noqa: N802  the library looks for this name
        if not isinstance(self.server, _Server):
            raise TypeError(self.server)
        google = self.server.google
        google.requests += 1
        while google.goes_on(Fault.SILENCE):
            pass
        with suppress(ConnectionError):  # the client may be tired of waiting
            match google.fault:
                case Fault.HANG_UP:
                    self.close_connection = True
                case Fault.SERVER_ERROR:
                    self._send(b"<html>Oops", HTTPStatus.INTERNAL_SERVER_ERROR, {})
                case Fault.REDIRECT if self.path != "/elsewhere":
                    self._send(b"", HTTPStatus.FOUND, {"Location": f"{google.origin}/elsewhere"})
                case _:
                    self._send(_body(google), HTTPStatus.OK, google.headers)

    def _send(self, body: bytes, status: HTTPStatus, headers: Mapping[str, str]) -> None:
        if not isinstance(self.server, _Server):
            raise TypeError(self.server)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        while body and self.server.google.goes_on(Fault.DRIPPING):
            self.wfile.write(body[:1])
            body = body[1:]
        self.wfile.write(body)


def _body(google: FakeGoogle) -> bytes:
    return json.dumps({"keys": google.keys}).encode() if google.body is None else google.body
