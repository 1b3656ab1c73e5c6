"""Guests: people who do not sign in, and are known by an id that they keep."""

import re
from secrets import token_urlsafe

from db.queries import search_index
from db.queries import wiz as queries
from db.queries.users import UserRow
from db.sessions import Sessions
from services import audit, limits
from services.audit import AuditKind
from services.counters.throttle import Throttle
from services.errors import InvalidInput, Problem, ProblemCode
from services.identity.attempts import SignInAttempts
from services.identity.devices import Device
from services.identity.keys import Keyring
from services.identity.tokens import digest
from services.identity.users import user_in
from services.rates import Rate

PURPOSE = "guest"
PREFIX = "vwg_"
RANDOM_BYTES = 16
SIGNED = re.compile(rf"({PREFIX}[A-Za-z0-9_-]{{22}})\.([A-Za-z0-9_-]{{43}})")
FOREIGN = "This guest session id is not one of ours."


class InvalidGuestId(Exception):
    """The text names no guest; the message says why, for people."""


class GuestIds:
    """Made here and signed; or made by old clients, as long as that is allowed."""

    def __init__(self, keyring: Keyring, *, client_made: bool) -> None:
        self._keyring = keyring
        self._client_made = client_made

    def mint(self) -> str:
        """With 128 random bits. Nothing of it is stored: the signature tells that it is ours."""
        name = PREFIX + token_urlsafe(RANDOM_BYTES)
        return f"{name}.{self._keyring.sign(PURPOSE, name)}"

    def hash_of(self, text: str) -> str:
        """Under which the guest's things are kept. Raises InvalidGuestId."""
        text = text.strip()
        if not text or len(text) > limits.GUEST_ID_LENGTH or not text.isascii() or not text.isprintable():
            raise InvalidGuestId(f"A guest session id is 1 to {limits.GUEST_ID_LENGTH} printable ASCII characters.")
        if text.startswith(PREFIX):
            self._check_signature(text)
        elif not self._client_made:
            raise InvalidGuestId(FOREIGN)
        return digest(text)

    def _check_signature(self, text: str) -> None:
        parts = SIGNED.fullmatch(text)
        if parts is None or not self._keyring.is_signed(PURPOSE, parts[1], parts[2]):
            raise InvalidGuestId(FOREIGN)


class GuestService:
    def __init__(
        self, database: Sessions, ids: GuestIds, throttle: Throttle, create_rate: Rate, attempts: SignInAttempts
    ) -> None:
        self._database = database
        self._throttle = throttle
        self._ids = ids
        self._create_rate = create_rate
        self._attempts = attempts

    async def create(self, device: Device) -> str:
        """The id of a new guest. Raises RateLimited."""
        await self._throttle.count("guests", device.address, self._create_rate)
        return self._ids.mint()

    async def claim(self, user_id: int, device: Device, guest_session_id: str) -> tuple[int, UserRow]:
        """Make the guest's conversations the user's: how many they were, and the user. Once it is done there are none left.

        Whoever knows the id is the guest, so attempts are counted as those to sign in are.
        Raises RateLimited or InvalidInput.
        """
        await self._attempts.count(device)
        try:
            guest_hash = self._ids.hash_of(guest_session_id)
        except InvalidGuestId as error:
            problem = Problem(path=("guestSessionId",), code=ProblemCode.INVALID_FORMAT, message=str(error))
            raise InvalidInput([problem]) from None
        async with self._database.write() as tx:
            count = await tx.execute(queries.claim_conversations(user_id, guest_hash))
            if count:
                await tx.execute(search_index.claim(user_id))
                await audit.record(
                    tx, AuditKind.GUEST_CLAIMED, user_id=user_id, address=device.address, details={"count": count}
                )
            return count, await user_in(tx, user_id)
