"""An account and all that is kept of its user, gone for good. Videos stay: everybody shares them."""

from collections.abc import Iterator, Sequence

from db.queries import deletion as queries
from db.queries import users as user_queries
from db.queries.users import CredentialsRow, UserRow
from db.sessions import Sessions, Transaction
from services import uploads
from services.audit import AuditKind, record
from services.errors import InvalidCredentials, ProblemCode, Unauthenticated, UnauthenticatedReason
from services.identity.devices import Device
from services.identity.guesses import Guesses
from services.identity.passwords import Passwords
from services.identity.sessions import SessionService
from services.identity.users import check_password, normalise_email
from services.identity.viewers import Owner
from services.jobs import states
from services.notes import changes
from services.storage.removal import remove_later
from services.validation import Checks
from services.wiz import reply_log

TEXTS_A_STATEMENT = 1_000


class AccountDeletion:
    def __init__(self, database: Sessions, sessions: SessionService, passwords: Passwords, guesses: Guesses) -> None:
        self._database = database
        self._sessions = sessions
        self._passwords = passwords
        self._guesses = guesses

    async def delete(self, device: Device, user_id: int, *, confirm_email: str, password: str | None) -> str:
        """Answers the address that the account had.

        Raises InvalidInput, RateLimited, InvalidCredentials, or Unauthenticated when it is gone already.
        """
        async with self._database.read(snapshot=True) as reader:
            user = await reader.row(UserRow, user_queries.by_id(user_id))
            stored = await reader.row(CredentialsRow, user_queries.credentials_of(user_id))
        if user is None or stored is None:
            raise Unauthenticated(UnauthenticatedReason.REVOKED)
        _check(user, confirm_email, password)
        if user.has_password:
            await self._guesses.count(device, user.email)
            if not await self._passwords.verify(password or "", stored.password_hash):
                raise InvalidCredentials("The password is wrong.")
        async with self._database.write() as tx:
            ended = await _remove(tx, user_id)
            await record(tx, AuditKind.USER_DELETED)
        self._sessions.forget(ended)
        return user.email


def _check(user: UserRow, confirm_email: str, password: str | None) -> None:
    """Raises InvalidInput."""
    checks = Checks()
    if checks.storable(confirm_email, "confirmEmail") and normalise_email(confirm_email) != user.email:
        message = "Write the e-mail address of the account, to confirm that it is to be deleted."
        checks.add(["confirmEmail"], ProblemCode.INVALID_FORMAT, message)
    if user.has_password:
        check_password(checks, password or "", minimum=1)
    checks.finish()


async def _remove(tx: Transaction, user_id: int) -> list[int]:
    """Answers the ids of the sessions that there were. Raises Unauthenticated when the account is gone already.

    What is locked, and in which order, is what keeps writers at work on the user's things from being waited for while
    they wait for this: a worker takes its task first, and a message its quota before its conversation.
    """
    owner = Owner(user_id=user_id).key
    await tx.all(queries.lock_tasks(user_id, owner))
    user = await tx.first(queries.lock_user(user_id))
    if user is None:
        raise Unauthenticated(UnauthenticatedReason.REVOKED)
    # From here on nothing is added to the user, and below nothing to a conversation: what came before that is there now.
    await tx.all(queries.lock_quota(owner))
    await tx.all(queries.lock_conversations(user_id))
    await tx.execute(queries.delete_tasks(user_id, owner))
    await tx.execute(queries.delete_quota(owner))
    await _forget_events(tx, user_id)
    await _remove_blobs(tx, user_id, user.avatar_key)
    sessions = [session_id for (session_id,) in await tx.all(queries.sessions(user_id))]
    await tx.execute(queries.forget_in_audit(user_id))
    await tx.execute(queries.delete_user(user_id))
    await _forget_notes(tx, user_id)
    return sessions


async def _forget_events(tx: Transaction, user_id: int) -> None:
    """Of replies and jobs; nobody else publishes there once their tasks are gone."""
    replies = [reply_log.topic_of(message_id) for (message_id,) in await tx.all(queries.messages(user_id))]
    jobs = [states.topic_of(job_id) for (job_id,) in await tx.all(queries.jobs(user_id))]
    for topics in _parts(sorted([*replies, *jobs])):
        locked = [topic for (topic,) in await tx.all(queries.lock_topics(topics))]
        await tx.execute(queries.delete_events(locked))
        await tx.execute(queries.delete_topics(locked))


async def _forget_notes(tx: Transaction, user_id: int) -> None:
    """After the notes are gone: whoever changes one takes it first, and then its topic."""
    topics = [topic for (topic,) in await tx.all(queries.lock_topics_from(changes.topics_of(user_id)))]
    for part in _parts(topics):
        await tx.execute(queries.delete_events(part))
        await tx.execute(queries.delete_topics(part))


async def _remove_blobs(tx: Transaction, user_id: int, avatar_key: str | None) -> None:
    await uploads.disown(tx, user_id)
    keys = [] if avatar_key is None else [avatar_key]
    keys += [key for (key,) in await tx.all(queries.artifacts(user_id))]
    for part in _parts(keys):
        await remove_later(tx, *part)


def _parts(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Each is a parameter of a statement, which may not have too many."""
    return (texts[first : first + TEXTS_A_STATEMENT] for first in range(0, len(texts), TEXTS_A_STATEMENT))
