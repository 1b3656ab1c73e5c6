"""New passwords: by the old one, or by a mailed token for who has forgotten it."""

from db.queries import api_tokens as api_token_queries
from db.queries import mailed_tokens as token_queries
from db.queries import provider_keys as provider_key_queries
from db.queries import users as queries
from db.queries.users import CredentialsRow, UserRow
from db.sessions import Sessions
from services import audit
from services.audit import AuditKind
from services.counters.throttle import Throttle
from services.errors import (
    InvalidCredentials,
    InvalidToken,
    NotFound,
    RateLimited,
    Unauthenticated,
    UnauthenticatedReason,
)
from services.identity import mailed_tokens
from services.identity.attempts import SignInAttempts
from services.identity.devices import Device
from services.identity.passwords import Passwords
from services.identity.sessions import SessionService
from services.identity.users import check_email, check_password, user_in
from services.identity.viewers import Viewer
from services.mail.messages import Purpose
from services.rates import Rate
from services.validation import Checks

RESETS_RATE = Rate(attempts=3, seconds=60 * 60)
"""Mails to one address, whoever asks for them."""
CHANGES_RATE = Rate(attempts=10, seconds=15 * 60)
"""Guesses at the old password by one session, wrong or right."""
OLD_IS_WRONG = "The old password is wrong."
CHANGED_MEANWHILE = "The password was changed at the same moment. Try again."
NONE_TO_CHANGE = "The account has no password yet. Ask for a reset by mail to set one."


class PasswordService:
    def __init__(
        self,
        database: Sessions,
        passwords: Passwords,
        sessions: SessionService,
        throttle: Throttle,
        attempts: SignInAttempts,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._sessions = sessions
        self._throttle = throttle
        self._attempts = attempts

    async def request_reset(self, device: Device, email: str) -> None:
        """Have a token mailed to the account with this address. Whether there is one cannot be told from outside.

        Raises RateLimited, by the caller's address alone, or InvalidInput.
        """
        await self._attempts.count(device)
        checks = Checks()
        address = check_email(checks, email)
        checks.finish()
        try:
            await self._throttle.count("password reset", address, RESETS_RATE)
        except RateLimited:
            return
        async with self._database.write() as tx:
            user_id = await tx.scalar(queries.id_of(address))
            await mailed_tokens.request(tx, Purpose.PASSWORD_RESET, user_id)
            await audit.record(tx, AuditKind.PASSWORD_RESET_REQUESTED, user_id=user_id, address=device.address)

    async def reset(self, device: Device, token: str, new_password: str) -> str:
        """Set the password, with a mailed token, and put out whoever else was in; answers the account's address.

        Raises RateLimited, InvalidInput, which leaves the token good, or InvalidToken.
        """
        await self._attempts.count(device)
        checks = Checks()
        check_password(checks, new_password, "newPassword")
        checks.finish()
        async with self._database.read() as reader:
            user_id = await mailed_tokens.owner(reader, Purpose.PASSWORD_RESET, token)
        password_hash = await self._passwords.hash(new_password)
        async with self._database.write() as tx:
            # The user first, as whoever deletes one does; what it writes is undone when the token was used meanwhile.
            email = await tx.scalar(queries.reset_password(user_id, password_hash))
            if email is None:
                raise InvalidToken
            await mailed_tokens.spend(tx, Purpose.PASSWORD_RESET, token)
            await tx.execute(token_queries.remove(user_id))
            await tx.execute(api_token_queries.remove(user_id))
            # With keys of their own an intruder would read along at the provider.
            await tx.execute(provider_key_queries.remove_all(user_id))
            ended = await self._sessions.end_all(tx, user_id)
            await audit.record(tx, AuditKind.PASSWORD_RESET, user_id=user_id, address=device.address)
        self._sessions.forget(ended)
        return email

    async def change(self, device: Device, viewer: Viewer, *, old: str, new: str) -> UserRow:
        """Replace the viewer's password, and end all their sessions but this one.

        The long-term token stays: this is no recovery, and a program goes on. Raises RateLimited, InvalidInput,
        InvalidCredentials, NotFound for an account without a password, or Unauthenticated when it is gone.
        """
        user_id = viewer.signed_in_id
        await self._throttle.count("password change", f"{user_id} {viewer.session_id}", CHANGES_RATE)
        checks = Checks()
        check_password(checks, old, "oldPassword", minimum=1)
        check_password(checks, new, "newPassword")
        checks.finish()
        async with self._database.read() as reader:
            found = await reader.row(CredentialsRow, queries.credentials_of(user_id))
        if found is None:
            raise Unauthenticated(UnauthenticatedReason.REVOKED)
        if found.password_hash is None:
            raise NotFound(NONE_TO_CHANGE)
        if not await self._passwords.verify(old, found.password_hash):
            raise InvalidCredentials(OLD_IS_WRONG)
        password_hash = await self._passwords.hash(new)
        async with self._database.write() as tx:
            await tx.scalar(queries.lock(user_id))
            user = await user_in(tx, user_id)
            if not await tx.execute(queries.replace_password(user_id, found.password_hash, password_hash)):
                raise InvalidCredentials(CHANGED_MEANWHILE)
            await tx.execute(token_queries.remove(user_id, Purpose.PASSWORD_RESET))
            ended = await self._sessions.end_all(tx, user_id, but=viewer.session_id)
            await audit.record(tx, AuditKind.PASSWORD_CHANGED, user_id=user_id, address=device.address)
        self._sessions.forget(ended)
        return user
