"""Who Google says that somebody is: ID tokens, verified by the keys that Google publishes."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import jwt

from services.errors import GoogleSignInUnavailable, InvalidCredentials
from services.identity.key_sets import KeySet
from services.identity.published_keys import KeysUnavailable
from services.identity.tokens import digest
from services.validation import UNSTORABLE

ALGORITHM = "RS256"
ISSUERS = frozenset({"accounts.google.com", "https://accounts.google.com"})
REQUIRED = ["exp", "iat", "sub", "aud", "iss"]
# Google's are about 1,200 characters.
LONGEST_CREDENTIAL = 8_192
# Decoders of base64 skip what does not belong there, so that one token could be written in many ways.
CREDENTIAL = re.compile(r"([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+")
SUBJECT = re.compile(r"[!-~]{1,255}")
CLOCK_SKEW_SECONDS = 60
"""By how much Google's clock may be ahead of ours."""
LONGEST_LIFE_SECONDS = 24 * 60 * 60
"""Google's live for an hour. One that has been used is remembered for as long as it lives."""
LONGEST_NAME = 100
LONGEST_PICTURE_URL = 2_048
PICTURE_URL = re.compile(r"https://[a-z0-9-]+(?:\.[a-z0-9-]+)+/[!-~]*", re.IGNORECASE)
REFUSAL = "Invalid Google credential."
UNREACHABLE = "Google cannot be reached. Try again in a moment."


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleIdentity:
    subject: str
    """Google's name for the user; never another's, and it never changes."""
    email: str | None
    """As Google writes it."""
    email_verified: bool | None
    """Whether Google has seen that it is the user's; None when it does not say."""
    hosted_domain: str | None
    """Of the Google Workspace that the account is managed by."""
    name: str | None
    picture_url: str | None
    credential_hash: str
    """The same for all ways to write the credential."""
    expires_at: datetime


class GoogleCredentials:
    def __init__(self, client_id: str, keys: KeySet) -> None:
        self._client_id = client_id
        self._keys = keys

    async def verify(self, credential: str) -> GoogleIdentity:
        """Raises InvalidCredentials or GoogleSignInUnavailable."""
        form = CREDENTIAL.fullmatch(credential) if len(credential) <= LONGEST_CREDENTIAL else None
        if form is None:
            raise InvalidCredentials(REFUSAL)
        try:
            claims = await self._claims(credential)
            # By what is signed: libraries differ in how many spellings of one signature they take.
            return _identity(claims, digest(form[1]))
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, OSError, RecursionError):
            raise InvalidCredentials(REFUSAL) from None

    async def _claims(self, credential: str) -> Mapping[str, object]:
        """What is signed, by Google, for us, and still good. Raises what PyJWT and values of a wrong kind raise."""
        header = jwt.get_unverified_header(credential)
        key_id = header.get("kid")
        if header.get("alg") != ALGORITHM or header.get("typ", "JWT") != "JWT" or not isinstance(key_id, str):
            raise InvalidCredentials(REFUSAL)
        try:
            key = await self._keys.find(key_id)
        except KeysUnavailable:
            raise GoogleSignInUnavailable(UNREACHABLE) from None
        if key is None:
            raise InvalidCredentials(REFUSAL)
        claims: Mapping[str, object] = jwt.decode(
            credential,
            key,
            algorithms=[ALGORITHM],
            audience=self._client_id,
            issuer=ISSUERS,
            # Looked at below, where a clock that is ahead does not make an expired token good.
            options={"require": REQUIRED, "strict_aud": True, "verify_iat": False, "verify_nbf": False},
        )
        if claims.get("azp", self._client_id) != self._client_id:
            raise InvalidCredentials(REFUSAL)
        return claims


def _identity(claims: Mapping[str, object], credential_hash: str) -> GoogleIdentity:
    """Raises InvalidCredentials, ValueError, OverflowError or OSError."""
    now = time.time()
    expires = _seconds(claims["exp"])
    has_begun = all(_seconds(claims.get(name, 0)) <= now + CLOCK_SKEW_SECONDS for name in ("iat", "nbf"))
    subject, email = claims["sub"], claims.get("email")
    if not isinstance(subject, str) or SUBJECT.fullmatch(subject) is None or not isinstance(email, str | None):
        raise InvalidCredentials(REFUSAL)
    if not has_begun or not now < expires <= now + LONGEST_LIFE_SECONDS:
        raise InvalidCredentials(REFUSAL)
    verified = claims.get("email_verified")
    return GoogleIdentity(
        subject=subject,
        email=email,
        email_verified=verified if isinstance(verified, bool) else None,
        hosted_domain=_text(claims.get("hd")),
        name=_text(claims.get("name")),
        picture_url=_picture_url(claims.get("picture")),
        credential_hash=credential_hash,
        expires_at=datetime.fromtimestamp(expires, UTC),
    )


def _seconds(value: object) -> float:
    """Raises InvalidCredentials for what is no number; of those, infinity and its like are refused by comparing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidCredentials(REFUSAL)
    return float(value)


def _text(value: object) -> str | None:
    """In characters that can be stored; None for what is blank or no text."""
    text = UNSTORABLE.sub("", value).strip() if isinstance(value, str) else ""
    return text[:LONGEST_NAME].strip() or None


def _picture_url(value: object) -> str | None:
    """None for what a page should not load."""
    if not isinstance(value, str) or len(value) > LONGEST_PICTURE_URL or PICTURE_URL.fullmatch(value) is None:
        return None
    return value
