"""Records the SQL that a piece of code runs, so that a test can say how much of it there may be."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from sqlalchemy import event

from db.engine import Engines

NOISE = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA)\b", re.IGNORECASE)


@asynccontextmanager
async def count_statements(engines: Engines) -> AsyncGenerator[list[str]]:
    """The text of each statement that starts within the block, in order; one for a list of rows counts once."""
    statements: list[str] = []

    def record(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not NOISE.match(statement):
            statements.append(statement)

    # On Postgres the others are views of the writing engine, and hear what is done with it.
    listened = {engines.writing} if engines.dialect == "postgresql" else {engines.writing, engines.reading}
    for engine in listened:
        event.listen(engine.sync_engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        for engine in listened:
            event.remove(engine.sync_engine, "before_cursor_execute", record)
