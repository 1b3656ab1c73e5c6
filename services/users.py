"""User accounts."""

from email_validator import EmailNotValidError, validate_email

from db.queries import users as queries
from db.queries.users import UserRow
from db.sessions import Sessions
from services import limits
from services.errors import EmailTaken, ProblemCode
from services.passwords import Passwords
from services.sessions import SessionService, SignedIn
from services.validation import Checks


class UserService:
    def __init__(self, database: Sessions, passwords: Passwords, sessions: SessionService) -> None:
        self._database = database
        self._passwords = passwords
        self._sessions = sessions

    async def register(self, *, email: str, password: str, name: str) -> SignedIn:
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
            return await self._sessions.start(tx, user_id)

    async def get(self, user_id: int) -> UserRow | None:
        async with self._database.read() as reader:
            return await reader.row(UserRow, queries.by_id(user_id))


def normalise_email(text: str) -> str:
    """Trimmed and lower-cased: how an address is stored and looked up."""
    return text.strip().lower()


def check_email(checks: Checks, text: str) -> str:
    """The address to store; problems are collected under `email`."""
    address = checks.text(text, "email", maximum=limits.EMAIL_LENGTH)
    if not address:
        return ""
    try:
        # Whether the domain takes mail is not asked: no network in a registration.
        return normalise_email(validate_email(address, check_deliverability=False, allow_display_name=True).normalized)
    except EmailNotValidError:
        checks.add(["email"], ProblemCode.INVALID_FORMAT, "This is not a valid e-mail address.")
        return ""


def check_password(checks: Checks, password: str, path: str = "password") -> None:
    """Length only, and never trimmed: what people type is what they get."""
    if not checks.storable(password, path):
        return
    if len(password) < limits.PASSWORD_LENGTH:
        checks.add(
            [path], ProblemCode.TOO_SHORT, f"The password must have at least {limits.PASSWORD_LENGTH} characters."
        )
    elif len(password.encode()) > limits.PASSWORD_BYTES:
        checks.add([path], ProblemCode.TOO_LONG, f"The password must have at most {limits.PASSWORD_BYTES} bytes.")
