"""Time as the database tells it, so that the clocks of several machines never matter."""

from datetime import datetime

from sqlalchemy import Float, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from db.types import UtcDateTime


class seconds_from_now(GenericFunction[datetime]):  # noqa: N801  a SQL function, spelled as one
    """The database's time plus so many seconds (a negative number looks back)."""

    type = UtcDateTime()
    inherit_cache = True
    name = "seconds_from_now"

    def __init__(self, seconds: float) -> None:
        super().__init__(literal(float(seconds), Float))


class now(GenericFunction[datetime]):  # noqa: N801  a SQL function, spelled as one
    """The database's time at this statement, not at the start of its transaction."""

    type = UtcDateTime()
    inherit_cache = True
    name = "vidwiz_now"


# The literal 000 gives SQLite's milliseconds the six digits that stored values have, so that text compares as time.
SQLITE_FORMAT = "'%Y-%m-%d %H:%M:%f000'"


@compiles(now, "sqlite")
def _now_on_sqlite(element: now, compiler: SQLCompiler, **_options: object) -> str:
    del element, compiler
    return f"strftime({SQLITE_FORMAT}, 'now')"


@compiles(now, "postgresql")
def _now_on_postgresql(element: now, compiler: SQLCompiler, **_options: object) -> str:
    del element, compiler
    return "clock_timestamp()"


@compiles(seconds_from_now, "sqlite")
def _later_on_sqlite(element: seconds_from_now, compiler: SQLCompiler, **_options: object) -> str:
    return f"strftime({SQLITE_FORMAT}, 'now', {compiler.process(element.clauses)} || ' seconds')"


@compiles(seconds_from_now, "postgresql")
def _later_on_postgresql(element: seconds_from_now, compiler: SQLCompiler, **_options: object) -> str:
    return f"clock_timestamp() + {compiler.process(element.clauses)} * interval '1 second'"
