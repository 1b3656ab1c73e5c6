"""User accounts."""

from typing import TypedDict
from unicodedata import normalize

from email_validator import EmailNotValidError, validate_email

from db.queries import users as queries
from db.queries.users import UserRow
from db.sessions import Sessions, Transaction
from services import limits
from services.audit import AuditKind, record
from services.errors import EmailTaken, NotFound, ProblemCode, Unauthenticated, UnauthenticatedReason
from services.identity import mailed_tokens
from services.identity.devices import Device
from services.identity.passwords import Passwords
from services.identity.sessions import SessionService, SignedIn
from services.mail.messages import Purpose
from services.validation import Checks


class UserPatch(TypedDict, total=False):
    """What is left out stays as it is."""

    name: str | None
    """None for no name."""
    ai_notes_enabled: bool | None
    """None is refused: it is either on or off."""


class UserService:
    def __init__(self, database: Sessions, passwords: Passwords, sessions: SessionService) -> None:
        self._database = database
        self._passwords = passwords
        self._sessions = sessions

    async def register(self, device: Device, *, email: str, password: str, name: str) -> SignedIn:
        """A new account, signed in. Raises InvalidInput or EmailTaken."""
        checks = Checks()
        address = check_email(checks, email)
        low, high = limits.NAME_LENGTH
        name = checks.text(name, "name", minimum=low, maximum=high)
        check_password(checks, password)
        checks.finish()
        password_hash = await self._passwords.hash(password)
        async with self._database.write() as tx:
            user_id = await tx.scalar(queries.add(address, name, password_hash, tx.dialect))
            if user_id is None:
                raise EmailTaken
            await record(tx, AuditKind.USER_REGISTERED, user_id=user_id, address=device.address)
            await mailed_tokens.request(tx, Purpose.EMAIL_VERIFICATION, user_id)
            return await self._sessions.start(tx, user_id, device)

    async def update(self, user_id: int, patch: UserPatch) -> UserRow:
        """Change what the patch names, and nothing else. Raises InvalidInput or NotFound."""
        changes = _checked(patch)
        async with self._database.write() as tx:
            if changes:
                await tx.execute(queries.change(user_id, changes))
            user = await tx.row(UserRow, queries.by_id(user_id))
        if user is None:
            raise NotFound
        return user

    async def get(self, user_id: int) -> UserRow | None:
        async with self._database.read() as reader:
            return await reader.row(UserRow, queries.by_id(user_id))


async def user_in(tx: Transaction, user_id: int) -> UserRow:
    """The signed-in user, as the transaction leaves them. Raises Unauthenticated when they are gone."""
    user = await tx.row(UserRow, queries.by_id(user_id))
    if user is None:
        raise Unauthenticated(UnauthenticatedReason.REVOKED)
    return user


def _checked(patch: UserPatch) -> dict[str, object]:
    """The columns to write. Raises InvalidInput."""
    checks = Checks()
    changes: dict[str, object] = dict(patch)
    low, high = limits.NAME_LENGTH
    name = patch.get("name")
    if name is not None:
        changes["name"] = checks.text(name, "name", minimum=low, maximum=high)
    if patch.get("ai_notes_enabled", True) is None:
        checks.add(["aiNotesEnabled"], ProblemCode.REQUIRED, "Say true or false, or leave it out.")
    checks.finish()
    return changes


def normalise_email(text: str) -> str | None:
    """How an address is stored and looked up, however it was typed; None for what is no address.

    In lower case, without a display name, and with one spelling for what Unicode and domains can spell in two ways.
    """
    try:
        # Whether the domain takes mail is not asked: no network in a sign-in. Reserved ones such as .test are refused.
        parsed = validate_email(text.strip(), check_deliverability=False, allow_display_name=True)
    except EmailNotValidError:
        return None
    return normalize("NFC", parsed.normalized.lower())


def check_email(checks: Checks, text: str) -> str:
    """The address to store; problems are collected under `email`."""
    text = checks.text(text, "email", maximum=limits.EMAIL_LENGTH)
    address = normalise_email(text) if text else ""
    if address is None:
        checks.add(["email"], ProblemCode.INVALID_FORMAT, "This is not a valid e-mail address.")
    return address or ""


def check_password(
    checks: Checks, password: str, path: str = "password", *, minimum: int = limits.PASSWORD_LENGTH
) -> None:
    """Length only, and never trimmed: what people type is what they get."""
    if not checks.storable(password, path):
        return
    if not password:
        checks.required(path)
    elif len(password) < minimum:
        checks.add([path], ProblemCode.TOO_SHORT, f"The password must have at least {minimum} characters.")
    elif len(password.encode()) > limits.PASSWORD_BYTES:
        checks.add([path], ProblemCode.TOO_LONG, f"The password must have at most {limits.PASSWORD_BYTES} bytes.")
