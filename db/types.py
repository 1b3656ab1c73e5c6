"""Column types that mean the same on SQLite and Postgres."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, Select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeDecorator

type_of_json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""JSON; JSONB on Postgres. Python's None is SQL NULL."""

type_of_id = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit id; SQLite counts ids up by itself only for a column that is exactly INTEGER."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC: timestamptz on Postgres, text that sorts on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A datetime without a time zone cannot be stored.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.replace(tzinfo=UTC)


AnySelect = Select[*tuple[Any, ...]]
"""A select whose columns are typed by the named tuple that its rows are read into."""

AnyReturning = ReturningInsert[*tuple[Any, ...]]
"""As AnySelect, for the columns that an INSERT returns."""
