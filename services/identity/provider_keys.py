"""Users' own keys at providers of models: stored encrypted, told to nobody, and read only to be used for their user."""

import asyncio
from collections.abc import Mapping, Sequence
from enum import StrEnum

import structlog
from pydantic import SecretStr
from structlog.typing import FilteringBoundLogger

from db.queries import provider_keys as queries
from db.queries import users as user_queries
from db.queries.provider_keys import SealedKeyRow
from db.queries.users import UserRow
from db.sessions import Sessions
from services import audit, limits
from services.audit import AuditKind
from services.errors import ProblemCode
from services.identity.devices import Device
from services.identity.keys import Keyring, Sealed, Unreadable
from services.identity.users import user_in
from services.validation import Checks, label

PURPOSE = "provider key"
RESEAL_SECONDS = 3600.0
"""Between two looks; a process of before may go on sealing for as long as a deployment takes."""
RESEALED_AT_ONCE = 100
FIRST_PLACE = (0, "")

log: FilteringBoundLogger = structlog.get_logger()


class Provider(StrEnum):
    GEMINI = "gemini"
    OPENROUTER = "openrouter"


class ProviderKeyService:
    def __init__(self, database: Sessions, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._lost = 0

    async def set(self, device: Device, user_id: int, keys: Mapping[Provider, str | None]) -> UserRow:
        """Replace the named keys; null and blank remove one. Raises InvalidInput or Unauthenticated."""
        checks = Checks()
        wanted = {provider: check_key(checks, key, provider.value) for provider, key in keys.items()}
        checks.finish()
        async with self._database.write() as tx:
            # Before the keys, since a user's deletion, too, locks the user first.
            await tx.scalar(user_queries.lock(user_id))
            user = await user_in(tx, user_id)
            changed: list[str] = []
            for provider, key in sorted(wanted.items()):
                statement = (
                    queries.remove(user_id, provider)
                    if key is None
                    else queries.put(self._sealed(user_id, provider, key), tx.dialect)
                )
                if await tx.execute(statement):
                    changed.append(provider.value)
            if changed:
                kind, details = AuditKind.PROVIDER_KEYS_CHANGED, {"providers": changed}
                await audit.record(tx, kind, user_id=user_id, address=device.address, details=details)
            return user

    async def key_of(self, user_id: int, provider: Provider) -> SecretStr | None:
        """The user's key, to be used at once and kept nowhere; None also for one that cannot be read any more."""
        return (await self.keys_of([user_id]))[0].get(provider)

    async def keys_of(self, user_ids: Sequence[int]) -> list[Mapping[Provider, SecretStr]]:
        """As `key_of`, all the keys of each user."""
        found: dict[int, dict[Provider, SecretStr]] = {user_id: {} for user_id in user_ids}
        async with self._database.read() as reader:
            rows = await reader.rows(SealedKeyRow, queries.by_users(user_ids, list(Provider)))
        for row in rows:
            key = self._unsealed(row)
            if key is not None:
                found[row.user_id][Provider(row.provider)] = SecretStr(key)
        return [found[user_id] for user_id in user_ids]

    async def run(self) -> None:
        """Reseal now, and again and again."""
        while True:
            try:
                await self.reseal()
            except Exception:
                log.exception("provider_keys.reseal_failed")
            await asyncio.sleep(RESEAL_SECONDS)

    async def reseal(self) -> int:
        """Encrypt under the current secret key what the one before encrypted; answers how many there were.

        What neither opens is left as it is: nobody has it, unless the operator brings the lost secret key back.
        """
        previous = self._keyring.keys.keys() - {self._keyring.current_id}
        resealed, after = 0, FIRST_PLACE
        while previous:
            async with self._database.read() as reader:
                rows = await reader.rows(SealedKeyRow, queries.sealed_by(previous, after, RESEALED_AT_ONCE))
            if not rows:
                break
            after = (rows[-1].user_id, rows[-1].provider)
            resealed += await self._reseal(rows)
        if resealed:
            log.info("provider_keys.resealed", count=resealed)
        await self._tell_lost()
        return resealed

    async def _reseal(self, rows: Sequence[SealedKeyRow]) -> int:
        keys = [(row, self._unsealed(row)) for row in rows]
        async with self._database.write() as tx:
            return sum(
                [
                    await tx.execute(queries.replace(row, self._sealed(row.user_id, row.provider, key)))
                    for row, key in keys
                    if key is not None
                ]
            )

    async def _tell_lost(self) -> None:
        """Once, unless there are more."""
        async with self._database.read() as reader:
            lost = await reader.scalar(queries.count_sealed_by_others(self._keyring.keys.keys())) or 0
        if lost > self._lost:
            log.warning("provider_keys.lost", count=lost)
        self._lost = lost

    def _sealed(self, user_id: int, provider: str, key: str) -> SealedKeyRow:
        sealed = self._keyring.seal(PURPOSE, key, belongs_to=_owner(user_id, provider))
        return SealedKeyRow(user_id, provider, sealed.data, sealed.key_id)

    def _unsealed(self, row: SealedKeyRow) -> str | None:
        sealed = Sealed(row.sealed_by, row.sealed)
        try:
            return self._keyring.unseal(PURPOSE, sealed, belongs_to=_owner(row.user_id, row.provider))
        except Unreadable:
            return None


def check_key(checks: Checks, key: str | None, *path: str) -> str | None:
    """Trimmed; None for null and blank. What is no key at all is a problem, and nothing of it is repeated."""
    key = (key or "").strip()
    if len(key) > limits.PROVIDER_KEY_LENGTH:
        message = f"{label(path)} must have at most {limits.PROVIDER_KEY_LENGTH} characters."
        checks.add(path, ProblemCode.TOO_LONG, message)
    elif not key.isascii() or not key.isprintable() or " " in key:
        # It becomes part of a header.
        message = f"{label(path)} must be printable ASCII without blanks."
        checks.add(path, ProblemCode.INVALID_CHARACTER, message)
    return key or None


def _owner(user_id: int, provider: str) -> str:
    return f"{user_id}:{provider}"
