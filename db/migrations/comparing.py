"""What Alembic does not compare with the models, since it knows neither FTS5 nor indexes of one database alone."""

from sqlalchemy.sql.schema import SchemaItem

UNCOMPARED_TABLES = "search_words"
UNCOMPARED_INDEXES = frozenset({"ix_search_entries_words"})


def is_compared(item: SchemaItem, name: str | None, kind: str, reflected: bool, counterpart: object) -> bool:  # noqa: FBT001  Alembic's signature
    del item, reflected, counterpart
    if kind == "table":
        return not (name or "").startswith(UNCOMPARED_TABLES)
    return kind != "index" or name not in UNCOMPARED_INDEXES
