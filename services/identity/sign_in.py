"""The doors by which people come in, each behind the throttle."""

from db.queries import users as queries
from db.queries.users import CredentialsRow
from db.sessions import Sessions
from services import limits
from services.audit import AuditKind, record
from services.errors import InvalidCredentials, InvalidRefreshToken, Overloaded
from services.identity.attempts import SignInAttempts
from services.identity.devices import Device
from services.identity.guesses import Guesses
from services.identity.passwords import Passwords
from services.identity.sessions import SessionService, SignedIn
from services.identity.users import UserService, check_password, normalise_email
from services.validation import Checks

TRIES = 3
"""Each is in vain only when the stored password was changed, or hashed anew, while it was being checked."""


class SignInService:
    def __init__(
        self,
        database: Sessions,
        *,
        users: UserService,
        sessions: SessionService,
        passwords: Passwords,
        guesses: Guesses,
        attempts: SignInAttempts,
    ) -> None:
        self._database = database
        self._users = users
        self._sessions = sessions
        self._passwords = passwords
        self._guesses = guesses
        self._attempts = attempts

    async def register(self, device: Device, *, email: str, password: str, name: str) -> SignedIn:
        """Raises RateLimited, InvalidInput or EmailTaken."""
        await self._attempts.count(device)
        return await self._users.register(device, email=email, password=password, name=name)

    async def by_password(self, device: Device, *, email: str, password: str) -> SignedIn:
        """The answer to an unknown address and to a wrong password is the same, after as much work.

        Raises RateLimited, InvalidInput or InvalidCredentials.
        """
        await self._attempts.count(device)
        checks = Checks()
        email = checks.text(email, "email", maximum=limits.EMAIL_LENGTH)
        check_password(checks, password, minimum=1)
        checks.finish()
        # What is no address is nobody's, and is counted and answered like any other.
        email = normalise_email(email) or email.lower()
        await self._guesses.count(device, email)
        return await self._enter(device, email, password)

    async def by_refresh_token(self, device: Device, refresh_token: str) -> SignedIn:
        """Raises RateLimited or InvalidRefreshToken."""
        await self._attempts.count(device)
        if not refresh_token.isascii():
            raise InvalidRefreshToken
        return await self._sessions.refresh(device, refresh_token)

    async def _enter(self, device: Device, email: str, password: str) -> SignedIn:
        for _ in range(TRIES):
            async with self._database.read() as reader:
                found = await reader.row(CredentialsRow, queries.credentials(email))
            checked = await self._passwords.check(password, found and found.password_hash)
            if found is None or found.password_hash is None or not checked.fits:
                await self._tell_of_failure(device, found and found.user_id)
                raise InvalidCredentials
            async with self._database.write() as tx:
                if await tx.scalar(queries.hold_password(found.user_id, found.password_hash)) is None:
                    continue
                if checked.replacement is not None:
                    await tx.execute(queries.replace_password_hash(found.user_id, checked.replacement))
                details = {"method": "password"}
                await record(tx, AuditKind.SIGNED_IN, user_id=found.user_id, address=device.address, details=details)
                return await self._sessions.start(tx, found.user_id, device)
        raise Overloaded

    async def _tell_of_failure(self, device: Device, user_id: int | None) -> None:
        async with self._database.write() as tx:
            await record(tx, AuditKind.SIGN_IN_FAILED, user_id=user_id, address=device.address)
