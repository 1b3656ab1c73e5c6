"""What a user changes while their account is being deleted: nobody waits in a ring, and nothing is left behind."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest
from sqlalchemy import column, func, insert, select, table

from db import clock
from db.models.tables import ApiToken, AuditEvent, MailedToken, ProviderKey, User
from db.queries import deletion
from db.sessions import Sessions, Transaction
from services.mail.messages import Purpose
from services.settings import Settings
from tests.client import Answer, Client
from tests.conditions import until
from tests.outbox import mails
from tests.provider_keys import set_keys
from tests.resolvers.stored import user_id_of
from tests.server import PASSWORD, Server, serving

pytestmark = pytest.mark.asyncio

CREATE = "mutation { apiTokenCreate { __typename } }"
REVOKE = "mutation { apiTokenRevoke { __typename } }"
CHANGE = "mutation Change($input: PasswordChangeInput!) { passwordChange(input: $input) { __typename } }"
LOCKS = table("pg_locks", column("pid"), column("granted"))
ACTIVITY = table("pg_stat_activity", column("pid"), column("datname"))

Act = Callable[[Client], Coroutine[None, None, Answer]]
PASSWORDS = {"oldPassword": PASSWORD, "newPassword": "battery staple"}
ACTS: dict[str, Act] = {
    "create a token": lambda user: user.execute(CREATE),
    "revoke the token": lambda user: user.execute(REVOKE),
    "replace a key": lambda user: set_keys(user, gemini="another"),
    "remove a key": lambda user: set_keys(user, gemini=None),
    "change the password": lambda user: user.execute(CHANGE, input=PASSWORDS),
}
OWN = (select(ApiToken.user_id), select(ProviderKey.user_id))


async def is_waited_for(database: Sessions) -> bool:
    """Whether somebody stands at a lock in this database. On SQLite there is one writer at a time, and nothing to see."""
    if database.dialect == "sqlite":
        return True
    here = ACTIVITY.c.datname == func.current_database()
    waiting = select(func.count()).select_from(LOCKS.join(ACTIVITY, LOCKS.c.pid == ACTIVITY.c.pid))
    async with database.read() as reader:
        return bool(await reader.scalar(waiting.where(here, LOCKS.c.granted.is_(False))))


async def remove(tx: Transaction, user_id: int) -> None:
    await tx.execute(deletion.forget_in_audit(user_id))
    await tx.execute(deletion.delete_user(user_id))


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
async def test_the_user_is_locked_first(idle_server: Server, act: Act) -> None:
    user = await idle_server.user()
    await user.execute(CREATE)
    await set_keys(user, gemini="a-key")
    user_id, database = await user_id_of(user), idle_server.services.database
    async with asyncio.TaskGroup() as group:
        async with database.write() as tx:
            await tx.first(deletion.lock_user(user_id))
            acting = group.create_task(act(user))
            await until(lambda: is_waited_for(database))
            # A deadlock would be told to the one that waits longest, which looks as if the user were gone.
            assert [len(await tx.all(rows.with_for_update(skip_locked=True))) for rows in OWN] == [1, 1]
            await remove(tx, user_id)
        answer = await acting
    assert answer.code == "UNAUTHENTICATED"
    assert answer.error["extensions"]["details"] == {"reason": "REVOKED"}
    async with database.read() as reader:
        left = [await reader.scalar(select(func.count()).select_from(one)) for one in (User, ApiToken, ProviderKey)]
        assert [*left, await reader.scalar(select(func.count()).select_from(MailedToken))] == [0] * 4
        assert await reader.scalar(select(func.count()).where(AuditEvent.user_id.is_not(None))) == 0


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
async def test_a_mail_takes_the_user_before_their_tokens(idle_server: Server, settings: Settings) -> None:
    """So that a reset, which holds the user, does not wait for a token that waits for the user."""
    user_id, database = await user_id_of(await idle_server.user("ada@example.com")), idle_server.services.database
    token = {"token_hash": "a hash", "user_id": user_id, "purpose": Purpose.EMAIL_VERIFICATION}
    async with database.write() as tx:
        expires_at = clock.seconds_from_now(60)
        await tx.execute(insert(MailedToken).values(**token, email="ada@example.com", expires_at=expires_at))
    async with database.write() as tx:
        await tx.first(deletion.lock_user(user_id))
        async with serving(settings):
            await until(lambda: is_waited_for(database))
            free = select(MailedToken.token_hash).with_for_update(skip_locked=True)
            assert [one for (one,) in await tx.all(free)] == ["a hash"]
    async with serving(settings):
        await mails(settings, 1, subject="address")
