"""Access tokens: signed JWTs (HS256) that name a session, after RFC 8725 and RFC 9068."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex, token_urlsafe

import jwt

from db.queries.users import UserRow
from services.errors import Unauthenticated, UnauthenticatedReason
from services.identity.keys import Keyring

TYPE = "at+jwt"
ALGORITHM = "HS256"
ISSUER = "vidwiz"
AUDIENCE = "vidwiz-api"
ROW_ID = re.compile(r"[1-9][0-9]{0,17}")
REQUIRED = ["exp", "iat", "sub", "aud", "iss", "jti", "sid"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    text: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    user_id: int
    session_id: int
    expires_at: datetime


class AccessTokens:
    def __init__(self, keyring: Keyring, lifetime: timedelta) -> None:
        self._keyring = keyring
        self._lifetime = lifetime

    def issue(self, user: UserRow, session_id: int, *, picture_url: str | None = None) -> AccessToken:
        """Beside the registered claims, those that clients of the first VidWiz read: user_id, email, name, picture."""
        now = datetime.now(UTC)
        expires_at = (now + self._lifetime).replace(microsecond=0)
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user.id),
            "sid": str(session_id),
            "jti": token_hex(16),
            "iat": now,
            "exp": expires_at,
            "user_id": user.id,
            "email": user.email,
            "name": user.name or user.email,
            "profile_image_url": picture_url,
        }
        headers = {"typ": TYPE, "kid": self._keyring.current_id}
        text = jwt.encode(claims, self._keyring.current, algorithm=ALGORITHM, headers=headers)
        return AccessToken(text=text, expires_at=expires_at)

    def verify(self, text: str) -> Claims:
        """Raises Unauthenticated with the reason EXPIRED (and the session) or INVALID."""
        try:
            claims = self._claims(text)
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, OSError):
            raise Unauthenticated(UnauthenticatedReason.INVALID) from None
        if claims.expires_at <= datetime.now(UTC):
            raise Unauthenticated(UnauthenticatedReason.EXPIRED, claims.session_id)
        return claims

    def _claims(self, text: str) -> Claims:
        """What a token of ours says, expired or not. Raises what PyJWT and values of a wrong kind raise."""
        header = jwt.get_unverified_header(text)
        key = self._keyring.keys.get(str(header.get("kid")))
        if header.get("typ") != TYPE or key is None:
            raise Unauthenticated(UnauthenticatedReason.INVALID)
        claims = jwt.decode(
            text,
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": REQUIRED, "verify_exp": False},
        )
        return Claims(
            user_id=_row_id(claims["sub"]),
            session_id=_row_id(claims["sid"]),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )


def _row_id(text: str) -> int:
    """Raises ValueError or TypeError for what no database has as a key."""
    if ROW_ID.fullmatch(text) is None:
        raise ValueError("not the id of a row")
    return int(text)


def new_refresh_token() -> str:
    """256 random bits; a single use each."""
    return token_urlsafe(32)


def digest(secret: str) -> str:
    """SHA-256 in hex: how what is only compared is stored, such as random secrets and names under which is counted."""
    return hashlib.sha256(secret.encode()).hexdigest()
