"""What the tables themselves refuse, whoever writes."""

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from db import clock
from db.models.tables import Job, Upload, User
from db.sessions import Sessions

JOB = {"kind": "USER_EXPORT", "status": "QUEUED", "progress": 0.0}
UPLOAD = {"purpose": "AVATAR", "filename": "me.png", "content_type": "image/png", "size_bytes": 1, "state": "PENDING"}


async def add_job(sessions: Sessions, **changes: object) -> None:
    async with sessions.write() as tx:
        user = await tx.scalar(insert(User).values(email="ada@example.com", name="Ada").returning(User.id))
        await tx.execute(insert(Job).values(user_id=user, **(JOB | changes)))


async def add_upload(sessions: Sessions, **changes: object) -> None:
    async with sessions.write() as tx:
        times = {"storage_key": "uploads/one", "expires_at": clock.now()}
        await tx.execute(insert(Upload).values(**(UPLOAD | times | changes)))


@pytest.mark.parametrize("changes", [{"status": "DONE"}, {"progress": -0.1}, {"progress": 1.1}])
@pytest.mark.asyncio
async def test_a_job_is_in_one_of_six_states_and_goes_from_0_to_1(
    sessions: Sessions, changes: dict[str, object]
) -> None:
    with pytest.raises(IntegrityError):
        await add_job(sessions, **changes)
    await add_job(sessions, status="TIMED_OUT", progress=1.0)


@pytest.mark.parametrize("changes", [{"state": "USED"}, {"size_bytes": 0}, {"size_bytes": -1}])
@pytest.mark.asyncio
async def test_an_upload_has_bytes_and_a_known_state(sessions: Sessions, changes: dict[str, object]) -> None:
    with pytest.raises(IntegrityError):
        await add_upload(sessions, **changes)
    await add_upload(sessions, state="CLAIMED")
