"""The door for people with a Google account."""

from sqlalchemy.exc import IntegrityError

from db.queries import google as queries
from db.queries import spent_credentials
from db.queries.google import AccountRow
from db.sessions import Sessions
from services import limits
from services.audit import AuditKind, record
from services.errors import (
    EmailTaken,
    GoogleSignInUnavailable,
    InvalidCredentials,
    Overloaded,
    ProblemCode,
)
from services.identity.attempts import SignInAttempts
from services.identity.devices import Device
from services.identity.google import REFUSAL, GoogleCredentials, GoogleIdentity
from services.identity.google_accounts import (
    Claim,
    Newcomer,
    Overtaken,
    add,
    fill_profile,
    hold,
    is_authoritative,
    link,
)
from services.identity.guesses import Guesses
from services.identity.passwords import Passwords
from services.identity.sessions import SessionService, SignedIn
from services.identity.users import check_password, normalise_email
from services.validation import Checks

TRIES = 3
"""Each is overtaken only when somebody else makes, changes or links the very same account."""
METHOD = {"method": "google"}
"""In the audit log."""
NO_EMAIL = "Email is required for Google Sign-In."
NO_ADDRESS = "The e-mail address of this Google account cannot be used here."
ADDRESS_IS_KNOWN = "An account with this e-mail address exists already. Send its password, too, to link it with Google."
LINKED_TO_ANOTHER = "An account with this e-mail address is linked to another Google account."


class GoogleSignIn:
    def __init__(
        self,
        database: Sessions,
        *,
        sessions: SessionService,
        passwords: Passwords,
        guesses: Guesses,
        attempts: SignInAttempts,
        credentials: GoogleCredentials | None,
    ) -> None:
        """Without `credentials` nobody signs in with Google."""
        self._database = database
        self._sessions = sessions
        self._passwords = passwords
        self._guesses = guesses
        self._attempts = attempts
        self._credentials = credentials

    async def by_credential(self, device: Device, credential: str, password: str | None) -> SignedIn:
        """The credential signs in once; a refusal does not spend it.

        The password is that of an account which has the address and no Google identity yet; otherwise it is not looked
        at. Raises RateLimited, GoogleSignInUnavailable, InvalidInput, InvalidCredentials or EmailTaken.
        """
        await self._attempts.count(device)
        if self._credentials is None:
            raise GoogleSignInUnavailable
        checks = Checks()
        if not credential.strip():
            checks.required("credential")
        if password is not None:
            check_password(checks, password, minimum=1)
        checks.finish()
        newcomer = _newcomer(await self._credentials.verify(credential))
        for _ in range(TRIES):
            account = await self._find(newcomer)
            claim = await self._claim(device, newcomer, account, password)
            try:
                return await self._enter(device, newcomer, account, claim)
            except (Overtaken, IntegrityError):
                continue
        raise Overloaded

    async def _find(self, newcomer: Newcomer) -> AccountRow | None:
        async with self._database.read() as reader:
            account = await reader.row(AccountRow, queries.find(newcomer.identity.subject, newcomer.email))
        if account is None and newcomer.email is None:
            checks = Checks()
            checks.add(["credential"], ProblemCode.INVALID_FORMAT, NO_ADDRESS)
            checks.finish()
        return account

    async def _claim(
        self, device: Device, newcomer: Newcomer, account: AccountRow | None, password: str | None
    ) -> Claim | None:
        """Why the account is theirs from now on; None when it is already, or there is none. Raises as `by_credential`."""
        if account is None or account.google_subject == newcomer.identity.subject:
            return None
        proves = is_authoritative(newcomer)
        if account.google_subject is not None and (account.email_verified or not proves):
            # The address went to somebody else, and the account stays with whom it was linked to.
            raise EmailTaken(LINKED_TO_ANOTHER)
        if account.google_subject is None and password is not None:
            await self._check_password(device, account, password)
            return Claim(account=account, proof="password")
        if proves:
            return Claim(account=account, proof="google")
        raise EmailTaken(ADDRESS_IS_KNOWN)

    async def _check_password(self, device: Device, account: AccountRow, password: str) -> None:
        """Raises RateLimited or InvalidCredentials."""
        await self._guesses.count(device, account.email)
        if await self._passwords.verify(password, account.password_hash):
            return
        async with self._database.write() as tx:
            await record(tx, AuditKind.SIGN_IN_FAILED, user_id=account.user_id, address=device.address, details=METHOD)
        raise InvalidCredentials

    async def _enter(
        self, device: Device, newcomer: Newcomer, account: AccountRow | None, claim: Claim | None
    ) -> SignedIn:
        identity, ended = newcomer.identity, list[int]()
        async with self._database.write() as tx:
            spent = spent_credentials.spend(identity.credential_hash, identity.expires_at, tx.dialect)
            if await tx.scalar(spent) is None:
                raise InvalidCredentials(REFUSAL)
            user_id = await add(tx, newcomer, device) if account is None else account.user_id
            if claim is not None:
                await link(tx, newcomer, claim, device)
                ended = await self._sessions.end_all(tx, user_id) if claim.is_strangers else []
            else:
                await hold(tx, newcomer, user_id)
            await fill_profile(tx, newcomer, user_id)
            await record(tx, AuditKind.SIGNED_IN, user_id=user_id, address=device.address, details=METHOD)
            signed_in = await self._sessions.start(tx, user_id, device)
        self._sessions.forget(ended)
        return signed_in


def _newcomer(identity: GoogleIdentity) -> Newcomer:
    """Raises InvalidInput when Google does not tell the address."""
    address = (identity.email or "").strip()
    if not address:
        checks = Checks()
        checks.add(["credential"], ProblemCode.REQUIRED, NO_EMAIL)
        checks.finish()
    email = normalise_email(address)
    return Newcomer(identity=identity, email=email if email and len(email) <= limits.EMAIL_LENGTH else None)
