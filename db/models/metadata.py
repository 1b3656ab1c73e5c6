"""The declarative base all tables share, and the two columns nearly all of them have."""

from datetime import datetime
from typing import Annotated

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase, mapped_column

from db import clock
from db.types import UtcDateTime, type_of_id

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# On SQLite AUTOINCREMENT, or the id of the newest deleted row would be given to the next one.
NEVER_REUSE_IDS = {"sqlite_autoincrement": True}

Id = Annotated[int, mapped_column(type_of_id, primary_key=True, autoincrement=True)]
CreatedAt = Annotated[datetime, mapped_column(UtcDateTime, insert_default=clock.now())]
UpdatedAt = Annotated[datetime, mapped_column(UtcDateTime, insert_default=clock.now(), onupdate=clock.now())]


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime}  # noqa: RUF012  SQLAlchemy names it so
