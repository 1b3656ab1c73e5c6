"""Long-term API tokens: one a user, good until it is revoked, for taking notes alone."""

from collections.abc import Collection
from secrets import token_urlsafe

from db.queries import api_tokens as queries
from db.queries.users import UserRow
from db.sessions import Sessions
from services import audit
from services.audit import AuditKind
from services.errors import ApiTokenExists, NotFound
from services.identity.devices import Device
from services.identity.tokens import digest
from services.identity.users import user_in

PREFIX = "vwt_"
HASHES_A_STATEMENT = 1_000


class ApiTokenService:
    def __init__(self, database: Sessions) -> None:
        self._database = database

    async def create(self, user_id: int, device: Device) -> tuple[str, UserRow]:
        """The token, with 256 random bits, and its user. It is not to be had again: a digest is all that is kept.

        Raises ApiTokenExists.
        """
        token = PREFIX + token_urlsafe(32)
        async with self._database.write() as tx:
            # Before the token, since a user's deletion, too, locks the user first.
            await audit.record(tx, AuditKind.API_TOKEN_CREATED, user_id=user_id, address=device.address)
            if not await tx.execute(queries.add(user_id, digest(token), tx.dialect)):
                raise ApiTokenExists
            return token, await user_in(tx, user_id)

    async def revoke(self, user_id: int, device: Device) -> UserRow:
        """The user, without a token. It is refused from the next call on. Raises NotFound."""
        async with self._database.write() as tx:
            await audit.record(tx, AuditKind.API_TOKEN_REVOKED, user_id=user_id, address=device.address)
            if not await tx.execute(queries.remove(user_id)):
                raise NotFound("No long-term token found.")
            return await user_in(tx, user_id)

    async def user_of(self, token_hash: str) -> int | None:
        """Asked of the database each time, so that a revocation counts at once and everywhere."""
        async with self._database.read() as reader:
            return await reader.scalar(queries.user_of(token_hash))

    async def revoked(self, token_hashes: Collection[str]) -> set[str]:
        """Those of them that are good no more."""
        asked = sorted(token_hashes)
        standing: set[str] = set()
        for first in range(0, len(asked), HASHES_A_STATEMENT):
            async with self._database.read() as reader:
                found = await reader.all(queries.standing(asked[first : first + HASHES_A_STATEMENT]))
            standing.update(token_hash for (token_hash,) in found)
        return set(asked) - standing
