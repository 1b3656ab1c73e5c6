"""Tokens that are mailed to users: asked for in a transaction, made and sent by a task, used up by whoever got them.

The token is made where the mail is written, so that neither the queue nor a log ever holds one.
"""

from collections.abc import Mapping
from secrets import token_hex, token_urlsafe

import structlog
from structlog.typing import FilteringBoundLogger

from db.outbox import NewTask
from db.queries import mailed_tokens as queries
from db.queries import users as user_queries
from db.queries.users import UserRow
from db.sessions import Reader, Sessions, Transaction
from services.errors import InvalidToken
from services.identity.tokens import digest
from services.mail.mailer import Mailer, MailFailed, MailRefused
from services.mail.messages import Letter, Purpose
from services.tasks import lanes
from services.tasks.model import ClaimedTask, Handling, TaskError, TaskFailed
from services.tasks.queue import TaskQueue

KIND = "send_mail"
MAX_ATTEMPTS = 10
"""A mail server may be away for about a quarter of an hour."""

log: FilteringBoundLogger = structlog.get_logger()


async def request(tx: Transaction, purpose: Purpose, user_id: int | None) -> None:
    """Have a token mailed, once the transaction is committed. For None nothing is, at the same expense.

    While one is on its way there is no second.
    """
    key = f"{purpose}:{user_id or token_hex(8)}"
    payload = {"purpose": purpose, "userId": user_id}
    await tx.enqueue(NewTask(kind=KIND, lane=lanes.ACCOUNTS, key=key, payload=payload, max_attempts=MAX_ATTEMPTS))


async def owner(reader: Reader, purpose: Purpose, token: str) -> int:
    """Whose the token is, which stays good. Raises InvalidToken."""
    return _found(await reader.scalar(queries.owner(_digest(token), purpose)))


async def spend(tx: Transaction, purpose: Purpose, token: str) -> int:
    """Use the token up: whose it was. Raises InvalidToken."""
    return _found(await tx.scalar(queries.spend(_digest(token), purpose)))


def _digest(token: str) -> str:
    if not token.isascii():
        raise InvalidToken
    return digest(token)


def _found(user_id: int | None) -> int:
    if user_id is None:
        raise InvalidToken
    return user_id


class TokenMailing:
    """The handler of the tasks."""

    def __init__(self, database: Sessions, queue: TaskQueue, mailer: Mailer, letters: Mapping[Purpose, Letter]) -> None:
        self._database = database
        self._queue = queue
        self._mailer = mailer
        self._letters = letters

    def handlers(self) -> dict[str, Handling]:
        """By kind of task."""
        return {KIND: Handling(handle=self.send, on_dead=_give_up)}

    async def send(self, task: ClaimedTask) -> None:
        """Make a token and mail it. Of several tries the last token is good, and no earlier one."""
        purpose, user = Purpose(str(task.payload["purpose"])), await self._recipient(task.payload["userId"])
        if user is None or (purpose is Purpose.EMAIL_VERIFICATION and user.email_verified):
            return
        token, letter = token_urlsafe(32), self._letters[purpose]
        lifetime_seconds = letter.lifetime.total_seconds()
        try:
            mail = letter.write(user.email, token)
            async with self._database.write() as tx:
                await self._queue.hold(tx, task)
                # Before their tokens, as a reset, which holds the user, goes about it.
                await tx.scalar(user_queries.lock(user.id))
                await tx.execute(queries.remove(user.id, purpose))
                await tx.execute(queries.add(digest(token), user.id, purpose, user.email, lifetime_seconds))
            await self._mailer.send(mail)
        except MailFailed as failure:
            raise TaskFailed("MAIL_FAILED", str(failure), retryable=True) from None
        except MailRefused as refusal:
            raise TaskFailed("MAIL_REFUSED", str(refusal), retryable=False) from None
        log.info("mail.sent", purpose=purpose, user_id=user.id, mailer=self._mailer.name)

    async def _recipient(self, user_id: object) -> UserRow | None:
        """None also when the account is gone meanwhile."""
        if not isinstance(user_id, int):
            return None
        async with self._database.read() as reader:
            return await reader.row(UserRow, user_queries.by_id(user_id))


async def _give_up(tx: Transaction, task: ClaimedTask, error: TaskError) -> None:
    """Nobody waits for an answer: whoever misses the mail asks for another."""
    del tx
    log.error("mail.given_up", task_id=task.id, user_id=task.payload["userId"], code=error.code, reason=error.message)
