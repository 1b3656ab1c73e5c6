"""Sign-in sessions: tokens issued, renewed by rotation, and ended."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from cachetools import TTLCache

from db.queries import sessions as queries
from db.queries import users as user_queries
from db.queries.sessions import RefreshTokenRow
from db.queries.users import CredentialsRow, UserRow
from db.sessions import Sessions, Transaction
from services.errors import InvalidCredentials, InvalidRefreshToken
from services.identity.devices import Device
from services.identity.passwords import Passwords
from services.identity.tokens import AccessToken, AccessTokens, digest, new_refresh_token

ACTIVE_CACHE_SECONDS = 5
ACTIVE_CACHE_SIZE = 10_000
IDS_A_STATEMENT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    access: AccessToken
    refresh_token: str
    refresh_token_expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    user: UserRow
    tokens: Tokens


class SessionService:
    def __init__(
        self, database: Sessions, passwords: Passwords, access_tokens: AccessTokens, refresh_lifetime: timedelta
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._access_tokens = access_tokens
        self._refresh_seconds = refresh_lifetime.total_seconds()
        self._active: TTLCache[int, bool, float] = TTLCache[int, bool, float](
            maxsize=ACTIVE_CACHE_SIZE, ttl=ACTIVE_CACHE_SECONDS
        )

    async def create(self, device: Device, email: str, password: str) -> SignedIn:
        """Sign in by password. The answer to an unknown address and to a wrong password is the same, and as slow."""
        async with self._database.read() as reader:
            found = await reader.row(CredentialsRow, user_queries.credentials(email))
        if not await self._passwords.verify(password, found and found.password_hash) or found is None:
            raise InvalidCredentials
        async with self._database.write() as tx:
            return await self.start(tx, found.user_id, device)

    async def start(self, tx: Transaction, user_id: int, device: Device) -> SignedIn:
        """A new session of the user, in the caller's transaction."""
        session_id = await tx.scalar(queries.start(user_id, device.address, device.user_agent))
        if session_id is None:
            raise InvalidCredentials
        return await self._issue(tx, user_id, session_id)

    async def refresh(self, refresh_token: str) -> SignedIn:
        """Exchange a refresh token, once, for new tokens. A second use ends the session: somebody has a copy."""
        token_hash = digest(refresh_token)
        async with self._database.write() as tx:
            session_id = await tx.scalar(queries.spend_refresh_token(token_hash))
            known = await tx.row(RefreshTokenRow, queries.refresh_token(token_hash))
            if session_id is not None and known is not None:
                return await self._issue(tx, known.user_id, session_id)
        # Outside the transaction, so that what raises does not undo a revocation.
        if known is not None and known.is_used:
            await self.revoke(known.session_id)
        raise InvalidRefreshToken

    async def revoke(self, session_id: int) -> None:
        async with self._database.write() as tx:
            await tx.execute(queries.revoke(session_id))
        # After the commit: until then somebody may read that the session stands, and keep it so.
        self._active[session_id] = False

    async def is_active(self, session_id: int, user_id: int) -> bool:
        """Whether the session still stands; what another process revoked is noticed within five seconds."""
        cached = self._active.get(session_id)
        if cached is not None:
            return cached
        async with self._database.read() as reader:
            stands = await reader.scalar(queries.is_active(session_id, user_id)) is not None
        # What was put there meanwhile is newer than what was read.
        return self._active.setdefault(session_id, stands)

    async def ended(self, session_ids: Collection[int]) -> set[int]:
        """Those of them that do not stand any more. The database is asked, whatever is remembered."""
        asked = sorted(session_ids)
        standing: set[int] = set()
        for first in range(0, len(asked), IDS_A_STATEMENT):
            async with self._database.read() as reader:
                found = await reader.all(queries.standing(asked[first : first + IDS_A_STATEMENT]))
            standing.update(session_id for (session_id,) in found)
        ended = set(asked) - standing
        for session_id in ended:
            self._active[session_id] = False
        return ended

    async def _issue(self, tx: Transaction, user_id: int, session_id: int) -> SignedIn:
        user = await tx.row(UserRow, user_queries.by_id(user_id))
        refresh_token = new_refresh_token()
        expires_at = await tx.scalar(
            queries.add_refresh_token(digest(refresh_token), session_id, self._refresh_seconds)
        )
        if user is None or expires_at is None:
            raise InvalidCredentials
        return SignedIn(
            user=user,
            tokens=Tokens(
                access=self._access_tokens.issue(user, session_id),
                refresh_token=refresh_token,
                refresh_token_expires_at=expires_at,
            ),
        )
