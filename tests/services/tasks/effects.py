"""A table that stands for what tasks do: each effect is a row, so that a second one is seen."""

from typing import NamedTuple

from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select

from db.engine import Engines
from db.sessions import Reader, Transaction

metadata = MetaData()
effects = Table(
    "effects",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("task_id", Integer, nullable=False),
    Column("what", String, nullable=False),
)


class EffectRow(NamedTuple):
    task_id: int
    what: str


async def make_table(engines: Engines) -> None:
    async with engines.writing.begin() as connection:
        await connection.run_sync(metadata.create_all)


async def apply(tx: Transaction, task_id: int, what: str) -> None:
    await tx.execute(insert(effects).values(task_id=task_id, what=what))


async def load(reader: Reader) -> list[EffectRow]:
    return await reader.rows(EffectRow, select(effects.c.task_id, effects.c.what).order_by(effects.c.id))
