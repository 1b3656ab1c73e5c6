"""What a database says about its own tables, in a form that two of them can be compared by."""

from sqlalchemy import Connection, inspect, text

from db.migrations.connections import inspecting

VERSION_TABLE = "alembic_version"

Catalog = dict[str, dict[str, list[str]]]
"""Table → kind of thing → each of them in words, sorted."""


async def read_catalog(url: str) -> Catalog:
    """Without Alembic's own table."""
    async with inspecting(url) as connection:
        return await connection.run_sync(_catalog)


def _catalog(connection: Connection) -> Catalog:
    tables = set(inspect(connection).get_table_names()) - {VERSION_TABLE}
    return {table: _table(connection, table) for table in sorted(tables)}


def _table(connection: Connection, table: str) -> dict[str, list[str]]:
    inspector = inspect(connection)
    found: dict[str, list[object]] = {
        "columns": [*inspector.get_columns(table)],
        "primary key": [inspector.get_pk_constraint(table)],
        "foreign keys": [*inspector.get_foreign_keys(table)],
        "unique": [*inspector.get_unique_constraints(table)],
        "checks": [*inspector.get_check_constraints(table)],
        "indexes": [
            {**index, "dialect_options": _spelled_out(index.get("dialect_options"))}
            for index in inspector.get_indexes(table)
        ],
        "never reuses ids": [_never_reuses_ids(connection, table)],
    }
    return {kind: sorted(map(str, things)) for kind, things in found.items()}


def _spelled_out(options: dict[str, object] | None) -> dict[str, str]:
    """Conditions as their text: a clause prints as an address."""
    return {name: str(value) for name, value in (options or {}).items()}


def _never_reuses_ids(connection: Connection, table: str) -> bool:
    """Postgres never does."""
    if connection.dialect.name != "sqlite":
        return True
    definition = connection.scalar(text("SELECT sql FROM sqlite_master WHERE name = :table"), {"table": table})
    return "AUTOINCREMENT" in str(definition)
