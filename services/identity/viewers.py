"""Who is calling: from the credentials of a request or a socket to a Viewer."""

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from services.errors import Unauthenticated, UnauthenticatedReason
from services.identity import api_tokens
from services.identity.api_tokens import ApiTokenService
from services.identity.guests import GuestIds, InvalidGuestId
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
    token_hash: str | None = None
    """Of a long-term token."""
    writes_for: int | None = None
    """The user whose long-term token it is. Not `user_id`, so that nothing of the user's is the token's."""

    @property
    def owner(self) -> Owner:
        """Raises Unauthenticated for a caller who can own nothing."""
        if self.user_id is None and self.guest_hash is None:
            raise Unauthenticated(UnauthenticatedReason.MISSING)
        return Owner(user_id=self.user_id, guest_hash=self.guest_hash)

    @property
    def key(self) -> str | None:
        """Under which is counted; None for a caller who cannot be told from others. A long-term token counts as its user."""
        if self.writes_for is not None:
            return Owner(user_id=self.writes_for).key
        return None if self.user_id is None and self.guest_hash is None else self.owner.key

    def has_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    @property
    def signed_in_id(self) -> int:
        """The user's id; raises Unauthenticated for anybody else."""
        if self.user_id is None:
            raise Unauthenticated(UnauthenticatedReason.MISSING)
        return self.user_id

    @property
    def current_session_id(self) -> int:
        """Raises Unauthenticated for who has none."""
        if self.session_id is None:
            raise Unauthenticated(UnauthenticatedReason.MISSING)
        return self.session_id

    @property
    def author_id(self) -> int:
        """Whose a note is that the caller takes; raises Unauthenticated for who may take none."""
        return self.signed_in_id if self.writes_for is None else self.writes_for


ANONYMOUS = Viewer(kind=ViewerKind.ANONYMOUS)


class ViewerService:
    def __init__(
        self,
        access_tokens: AccessTokens,
        sessions: SessionService,
        tokens: ApiTokenService,
        guests: GuestIds,
        admin_tokens: Collection[str],
    ) -> None:
        """Each of the admin tokens is as good as the others."""
        self._access_tokens = access_tokens
        self._sessions = sessions
        self._api_tokens = tokens
        self._guests = guests
        # Digests, which are equally long: comparing tells not even the length of a token.
        self._admin_digests = [digest(token).encode() for token in admin_tokens]

    async def identify(self, authorization: object, guest_session_id: object) -> Viewer:
        """A token that is sent decides alone: a bad one is refused, and never becomes a guest.

        Both come from a client as they are: None for absent, and perhaps no text. Raises Unauthenticated.
        """
        if not isinstance(authorization, str | None):
            raise Unauthenticated(UnauthenticatedReason.INVALID)
        if not isinstance(guest_session_id, str | None):
            raise Unauthenticated(UnauthenticatedReason.INVALID, message="The guest session id is not valid.")
        if authorization is not None and authorization.strip():
            return await self._by_token(authorization)
        if guest_session_id is None or not guest_session_id.strip():
            return ANONYMOUS
        try:
            return Viewer(kind=ViewerKind.GUEST, guest_hash=self._guests.hash_of(guest_session_id))
        except InvalidGuestId as error:
            raise Unauthenticated(UnauthenticatedReason.INVALID, message=str(error)) from None

    async def ensure_active(self, viewer: Viewer) -> None:
        """Raises Unauthenticated once the viewer's token has expired or was revoked, or its session has ended."""
        if viewer.token_hash is not None and await self._api_tokens.user_of(viewer.token_hash) != viewer.writes_for:
            raise Unauthenticated(UnauthenticatedReason.REVOKED, message="The long-term token was revoked.")
        if viewer.user_id is None or viewer.session_id is None:
            return
        if viewer.has_expired(datetime.now(UTC)):
            raise Unauthenticated(UnauthenticatedReason.EXPIRED)
        if not await self._sessions.is_active(viewer.session_id, viewer.user_id):
            raise Unauthenticated(UnauthenticatedReason.REVOKED)

    async def ensure_exists(self, viewer: Viewer) -> None:
        """Raises Unauthenticated once the viewer's user is gone, as the database knows at this moment."""
        user_id = viewer.user_id or viewer.writes_for
        if user_id is not None and not await self._sessions.has_user(user_id):
            raise Unauthenticated(UnauthenticatedReason.REVOKED)

    async def revoked(self, viewers: Collection[Viewer]) -> set[Viewer]:
        """Those of them whose session or token has ended, as the database knows at this moment."""
        sessions = await self._sessions.ended({one.session_id for one in viewers if one.session_id is not None})
        tokens = await self._api_tokens.revoked({one.token_hash for one in viewers if one.token_hash is not None})
        return {viewer for viewer in viewers if viewer.session_id in sessions or viewer.token_hash in tokens}

    async def _by_token(self, authorization: str) -> Viewer:
        scheme, _, token = authorization.strip().partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token or not token.isascii():
            raise Unauthenticated(UnauthenticatedReason.INVALID)
        if self._is_admin(token):
            return Viewer(kind=ViewerKind.ADMIN)
        if token.startswith(api_tokens.PREFIX):
            return await self._by_api_token(digest(token))
        claims = self._access_tokens.verify(token)
        viewer = Viewer(
            kind=ViewerKind.USER,
            user_id=claims.user_id,
            session_id=claims.session_id,
            expires_at=claims.expires_at,
        )
        await self.ensure_active(viewer)
        return viewer

    async def _by_api_token(self, token_hash: str) -> Viewer:
        user_id = await self._api_tokens.user_of(token_hash)
        if user_id is None:
            # Whether it ever was one is not known any more.
            raise Unauthenticated(UnauthenticatedReason.INVALID, message="The long-term token is unknown or revoked.")
        return Viewer(kind=ViewerKind.API_TOKEN, token_hash=token_hash, writes_for=user_id)

    def _is_admin(self, token: str) -> bool:
        """Takes as long whichever it is, and for a token that is neither."""
        given = digest(token).encode()
        fits = [hmac.compare_digest(one, given) for one in self._admin_digests]
        return any(fits)
