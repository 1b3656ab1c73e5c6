"""Deletes events that were kept long enough, in transactions so short that no writer waits for long."""

from db.queries import events as queries
from db.sessions import Sessions

ROWS_AT_ONCE = 1_000


async def purge(sessions: Sessions, keep_seconds: float) -> None:
    """Whoever follows from before what was deleted must begin with a fresh snapshot.

    Several processes may purge at once: they share the work.
    """
    while await _purge_events(sessions, keep_seconds) == ROWS_AT_ONCE:
        pass
    while await _forget_topics(sessions, keep_seconds) == ROWS_AT_ONCE:
        pass


async def _purge_events(sessions: Sessions, keep_seconds: float) -> int:
    """How many events were old enough, of a thousand."""
    async with sessions.write() as tx:
        expired = await tx.all(queries.expired(keep_seconds, ROWS_AT_ONCE))
        ends = [{"of_topic": topic, "through": seq} for topic, seq, _ in expired]
        await tx.execute(queries.raise_floor(), ends)
        await tx.execute(queries.delete_through(), ends)
    return sum(count for _, _, count in expired)


async def _forget_topics(sessions: Sessions, keep_seconds: float) -> int:
    async with sessions.write() as tx:
        return await tx.execute(queries.forget_topics(keep_seconds, ROWS_AT_ONCE))
