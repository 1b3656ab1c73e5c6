"""What is locked when a transcript is replaced, and in which order: nobody waits in a ring."""

import asyncio

import pytest
from sqlalchemy import select

from db.models.tables import User
from db.queries import deletion
from services.identity.viewers import Owner
from tests.conditions import until
from tests.notes import take
from tests.resolvers.stored import user_id_of
from tests.resolvers.submitting import SUBMIT, submit
from tests.resolvers.test_lock_order import is_waited_for
from tests.server import Server

pytestmark = pytest.mark.asyncio

ID = "dQw4w9WgXcQ"


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
async def test_tasks_come_before_the_user(idle_server: Server) -> None:
    """As when the account is deleted, which holds the tasks and then asks for the user."""
    ada = await idle_server.user()
    await submit(ada, ID, text="Old words.")
    await take(ada, video={"youtube": ID}, timestamp="0:00")
    user_id, database = await user_id_of(ada), idle_server.services.database
    owner = Owner(user_id=user_id).key
    async with asyncio.TaskGroup() as group:
        async with database.write() as tx:
            assert await tx.all(deletion.lock_tasks(user_id, owner))
            new = {"video": {"youtube": ID}, "source": {"text": "New words."}}
            acting = group.create_task(ada.execute(SUBMIT, input=new))
            await until(lambda: is_waited_for(database))
            # A deadlock would be told to the one that waits longest, which looks as if the user were gone.
            assert len(await tx.all(select(User.id).where(User.id == user_id).with_for_update(skip_locked=True))) == 1
            await tx.execute(deletion.delete_tasks(user_id, owner))
            await tx.execute(deletion.delete_user(user_id))
        answer = await acting
    assert (answer.code, answer.error["extensions"]["details"]) == ("UNAUTHENTICATED", {"reason": "REVOKED"})
