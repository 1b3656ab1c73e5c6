"""Proof that an e-mail address is the user's: whoever gets the mail has the token."""

from db.queries import users as queries
from db.sessions import Sessions
from services import audit
from services.audit import AuditKind
from services.counters.throttle import Throttle
from services.errors import InvalidToken
from services.identity import mailed_tokens
from services.identity.attempts import SignInAttempts
from services.identity.devices import Device
from services.mail.messages import Purpose
from services.rates import Rate

RATE = Rate(attempts=3, seconds=60 * 60)
"""Mails that one user may ask for."""


class VerificationService:
    def __init__(self, database: Sessions, throttle: Throttle, attempts: SignInAttempts) -> None:
        self._database = database
        self._throttle = throttle
        self._attempts = attempts

    async def request(self, user_id: int) -> None:
        """Have a token mailed, unless the address is proved already. Raises RateLimited."""
        await self._throttle.count("e-mail verification", str(user_id), RATE)
        async with self._database.write() as tx:
            await mailed_tokens.request(tx, Purpose.EMAIL_VERIFICATION, user_id)

    async def verify(self, device: Device, token: str) -> str:
        """Take the address for proved; answers it. Raises RateLimited or InvalidToken."""
        await self._attempts.count(device)
        async with self._database.write() as tx:
            user_id = await mailed_tokens.owner(tx, Purpose.EMAIL_VERIFICATION, token)
            # The user before the token, as whoever deletes a user does.
            email = await tx.scalar(queries.verify_email(user_id))
            await mailed_tokens.spend(tx, Purpose.EMAIL_VERIFICATION, token)
            if email is None:
                raise InvalidToken
            await audit.record(tx, AuditKind.EMAIL_VERIFIED, user_id=user_id, address=device.address)
        return email
