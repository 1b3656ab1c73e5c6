"""Sign-in sessions: tokens issued, renewed by rotation, and ended."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cachetools import TTLCache

from db.paging import Page, PageRequest, cut
from db.queries import sessions as queries
from db.queries import users as user_queries
from db.queries.sessions import SessionOwnerRow, SessionRow, SpentTokenRow
from db.queries.users import UserRow
from db.sessions import Sessions, Transaction
from services.audit import AuditKind, record
from services.errors import InvalidCredentials, InvalidRefreshToken, NotFound
from services.identity.devices import Device
from services.identity.tokens import AccessToken, AccessTokens, digest, new_refresh_token

ACTIVE_CACHE_SECONDS = 4
"""Sockets and streams are told sooner, since `ended` is asked about them every few seconds."""
ACTIVE_CACHE_SIZE = 10_000
IDS_A_STATEMENT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    refresh_token: timedelta
    session: timedelta
    """However often it is renewed."""
    grace: timedelta = timedelta(seconds=10)
    """So soon after its use a refresh token that comes again shows no theft: two tabs may have raced."""


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
        self,
        database: Sessions,
        access_tokens: AccessTokens,
        lifetimes: Lifetimes,
        picture_of: Callable[[UserRow], str | None],
    ) -> None:
        self._database = database
        self._access_tokens = access_tokens
        self._picture_of = picture_of
        self._refresh_seconds = lifetimes.refresh_token.total_seconds()
        self._session_seconds = lifetimes.session.total_seconds()
        self._grace_seconds = lifetimes.grace.total_seconds()
        self._active: TTLCache[int, bool, float] = TTLCache[int, bool, float](
            maxsize=ACTIVE_CACHE_SIZE, ttl=ACTIVE_CACHE_SECONDS
        )

    async def start(self, tx: Transaction, user_id: int, device: Device) -> SignedIn:
        """A new session of the user, in the caller's transaction."""
        session_id = await tx.scalar(queries.start(user_id, device.address, device.user_agent, self._session_seconds))
        if session_id is None:
            raise InvalidCredentials
        return await self._issue(tx, user_id, session_id)

    async def refresh(self, device: Device, refresh_token: str) -> SignedIn:
        """Exchange a refresh token, once, for new tokens. Raises InvalidRefreshToken.

        A spent one that comes again after the grace ends its session: somebody has a copy.
        """
        token_hash = digest(refresh_token)
        async with self._database.write() as tx:
            owner = await tx.row(SessionOwnerRow, queries.renew(token_hash, self._session_seconds))
            if owner is not None and await tx.execute(queries.spend_refresh_token(token_hash)):
                return await self._issue(tx, owner.user_id, owner.session_id)
        async with self._database.read() as reader:
            spent = await reader.row(SpentTokenRow, queries.spent_token(token_hash, self._grace_seconds))
        if spent is not None and spent.is_replayed:
            await self._end_stolen(device, spent)
        raise InvalidRefreshToken

    async def revoke(self, device: Device, user_id: int, session_id: int) -> SessionRow:
        """End a session of the user. Raises NotFound."""
        async with self._database.write() as tx:
            # Before the session, since a user's deletion, too, locks the user first.
            await record(tx, AuditKind.SESSION_REVOKED, user_id=user_id, address=device.address)
            ended = await tx.row(SessionRow, queries.revoke(session_id, user_id))
            if ended is None:
                raise NotFound("Session not found.")
        self.forget([session_id])
        return ended

    async def revoke_all(self, device: Device, user_id: int) -> int:
        """End all sessions of the user; answers how many there were."""
        async with self._database.write() as tx:
            await record(tx, AuditKind.SESSION_REVOKED, user_id=user_id, address=device.address)
            ended = await self.end_all(tx, user_id)
        self.forget(ended)
        return len(ended)

    async def end_all(self, tx: Transaction, user_id: int, *, but: int | None = None) -> list[int]:
        """End the user's sessions in the caller's transaction; `forget` those that it answers after the commit."""
        return [session_id for (session_id,) in await tx.all(queries.revoke_all(user_id, but=but))]

    def forget(self, session_ids: Iterable[int]) -> None:
        """Notice at once, in this process, that they have ended.

        To be called after the commit: until then somebody may read that they stand, and keep it so.
        """
        self._active.update(dict.fromkeys(session_ids, False))

    async def page_of_user(self, user_id: int, request: PageRequest) -> Page[SessionRow]:
        """Those that stand, the newest first."""
        async with self._database.read() as reader:
            return cut(await reader.rows(SessionRow, queries.page_of_user(user_id, request)), request)

    async def count_of_user(self, user_id: int) -> int:
        async with self._database.read() as reader:
            return await reader.scalar(queries.count_of_user(user_id)) or 0

    async def by_ids(self, user_id: int, ids: Sequence[int]) -> list[SessionRow | None]:
        """In the order of the ids; None for what does not stand or is not the user's."""
        async with self._database.read() as reader:
            rows = await reader.rows(SessionRow, queries.by_ids(user_id, ids))
        found = {row.id: row for row in rows}
        return [found.get(session_id) for session_id in ids]

    async def has_user(self, user_id: int) -> bool:
        async with self._database.read() as reader:
            return await reader.first(user_queries.by_id(user_id)) is not None

    async def is_active(self, session_id: int, user_id: int) -> bool:
        """Whether the session still stands; what another process ended is noticed within five seconds."""
        cached = self._active.get(session_id)
        if cached is not None:
            return cached
        async with self._database.read() as reader:
            stands = await reader.scalar(queries.is_active(session_id, user_id)) is not None
        return self._remember(session_id, stands=stands)

    async def ended(self, session_ids: Collection[int]) -> set[int]:
        """Those of them that do not stand any more. The database is asked, whatever is remembered."""
        asked = sorted(session_ids)
        standing: set[int] = set()
        for first in range(0, len(asked), IDS_A_STATEMENT):
            async with self._database.read() as reader:
                found = await reader.all(queries.standing(asked[first : first + IDS_A_STATEMENT]))
            standing.update(session_id for (session_id,) in found)
        for session_id in standing:
            self._remember(session_id, stands=True)
        ended = set(asked) - standing
        self.forget(ended)
        return ended

    def _remember(self, session_id: int, *, stands: bool) -> bool:
        """What was read. That it has ended may have been put there meanwhile, which is newer."""
        stands = stands and self._active.get(session_id) is not False
        self._active[session_id] = stands
        return stands

    async def _end_stolen(self, device: Device, spent: SpentTokenRow) -> None:
        async with self._database.write() as tx:
            await record(tx, AuditKind.REFRESH_TOKEN_REUSED, user_id=spent.user_id, address=device.address)
            if await tx.first(queries.revoke(spent.session_id, spent.user_id)) is None:
                raise InvalidRefreshToken  # it had ended before
        self.forget([spent.session_id])

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
                access=self._access_tokens.issue(user, session_id, picture_url=self._picture_of(user)),
                refresh_token=refresh_token,
                refresh_token_expires_at=expires_at,
            ),
        )
