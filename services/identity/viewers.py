"""Who is calling: from the credentials of a request or a socket to a Viewer."""

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from services import limits
from services.errors import Unauthenticated, UnauthenticatedReason
from services.identity.sessions import SessionService
from services.identity.tokens import AccessTokens, digest


class ViewerKind(StrEnum):
    ANONYMOUS = "ANONYMOUS"
    GUEST = "GUEST"
    USER = "USER"
    API_TOKEN = "API_TOKEN"  # noqa: S105  the name of a kind
    ADMIN = "ADMIN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose a conversation is: a user's or a guest's."""

    user_id: int | None = None
    guest_hash: str | None = None

    @property
    def key(self) -> str:
        return f"user:{self.user_id}" if self.user_id is not None else f"guest:{self.guest_hash}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    kind: ViewerKind
    user_id: int | None = None
    session_id: int | None = None
    guest_hash: str | None = None
    expires_at: datetime | None = None

    @property
    def owner(self) -> Owner:
        """Raises Unauthenticated for a caller who can own nothing."""
        if self.user_id is None and self.guest_hash is None:
            raise Unauthenticated(UnauthenticatedReason.MISSING)
        return Owner(user_id=self.user_id, guest_hash=self.guest_hash)

    @property
    def key(self) -> str | None:
        """The owner's; None for a caller who cannot be told from others."""
        return None if self.user_id is None and self.guest_hash is None else self.owner.key

    def has_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    @property
    def signed_in_id(self) -> int:
        """The user's id; raises Unauthenticated for anybody else."""
        if self.user_id is None:
            raise Unauthenticated(UnauthenticatedReason.MISSING)
        return self.user_id


ANONYMOUS = Viewer(kind=ViewerKind.ANONYMOUS)


class ViewerService:
    def __init__(self, access_tokens: AccessTokens, sessions: SessionService, admin_token: str | None) -> None:
        self._access_tokens = access_tokens
        self._sessions = sessions
        self._admin_token = admin_token

    async def identify(self, authorization: object, guest_session_id: object) -> Viewer:
        """A token that is sent decides alone: a bad one is refused, and never becomes a guest.

        Both come from a client as they are: None for absent, and perhaps no text. Raises Unauthenticated.
        """
        if not isinstance(authorization, str | None) or not isinstance(guest_session_id, str | None):
            raise Unauthenticated(UnauthenticatedReason.INVALID)
        if authorization is not None and authorization.strip():
            return await self._by_token(authorization)
        guest_id = (guest_session_id or "").strip()
        if not guest_id:
            return ANONYMOUS
        if len(guest_id) > limits.GUEST_ID_LENGTH or not guest_id.isascii() or not guest_id.isprintable():
            raise Unauthenticated(UnauthenticatedReason.INVALID)
        return Viewer(kind=ViewerKind.GUEST, guest_hash=digest(guest_id))

    async def ensure_active(self, viewer: Viewer) -> None:
        """Raises Unauthenticated once the viewer's token has expired or its session has ended."""
        if viewer.user_id is None or viewer.session_id is None:
            return
        if viewer.has_expired(datetime.now(UTC)):
            raise Unauthenticated(UnauthenticatedReason.EXPIRED)
        if not await self._sessions.is_active(viewer.session_id, viewer.user_id):
            raise Unauthenticated(UnauthenticatedReason.REVOKED)

    async def revoked(self, viewers: Collection[Viewer]) -> set[Viewer]:
        """Those of them whose session has ended, as the database knows at this moment."""
        ended = await self._sessions.ended({one.session_id for one in viewers if one.session_id is not None})
        return {viewer for viewer in viewers if viewer.session_id in ended}

    async def _by_token(self, authorization: str) -> Viewer:
        scheme, _, token = authorization.strip().partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token or not token.isascii():
            raise Unauthenticated(UnauthenticatedReason.INVALID)
        if self._admin_token and hmac.compare_digest(token.encode(), self._admin_token.encode()):
            return Viewer(kind=ViewerKind.ADMIN)
        claims = self._access_tokens.verify(token)
        viewer = Viewer(
            kind=ViewerKind.USER,
            user_id=claims.user_id,
            session_id=claims.session_id,
            expires_at=claims.expires_at,
        )
        await self.ensure_active(viewer)
        return viewer
