"""Alembic runs this for every command; what the commands are is not decided here.

`db.migrate` hands the connection over. The `alembic` command, which developers use to write a revision, is told
the database instead:

    alembic -x url=sqlite:///new.db upgrade head
    alembic -x url=sqlite:///new.db revision --autogenerate -m "add tags"
    alembic -x url=postgresql://localhost/new upgrade head --sql
"""

import asyncio
from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.util import CommandError
from sqlalchemy import Connection

from db.engine import normalise_url
from db.migrations.comparing import is_compared
from db.migrations.connections import migrating
from db.models.tables import Base
from db.types import UtcDateTime, type_of_id, type_of_json


def render_item(kind: str, item: object, autogenerate: AutogenContext) -> str | Literal[False]:
    """Our own column types by their names; False leaves the rest to Alembic."""
    if kind != "type":
        return False
    for ours, name in ((type_of_id, "type_of_id"), (type_of_json, "type_of_json")):
        if item is ours:
            autogenerate.imports.add(f"from db.types import {name}")
            return name
    if isinstance(item, UtcDateTime):
        autogenerate.imports.add("from db.types import UtcDateTime")
        return "UtcDateTime()"
    return False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=render_item,
        include_object=is_compared,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_at(url: str) -> None:
    async with migrating(url) as connection:
        await connection.run_sync(run)


def print_sql(url: str) -> None:
    context.configure(
        dialect_name=normalise_url(url).get_backend_name(),
        target_metadata=Base.metadata,
        literal_binds=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def url_argument() -> str:
    url = context.get_x_argument(as_dictionary=True).get("url")
    if not isinstance(url, str):
        raise CommandError("Name the database: alembic -x url=sqlite:///new.db …")
    return url


connection = context.config.attributes.get("connection")
if isinstance(connection, Connection):
    run(connection)
elif context.is_offline_mode():
    print_sql(url_argument())
else:
    asyncio.run(run_at(url_argument()))
