"""INSERT … ON CONFLICT, which SQLAlchemy spells once for each database."""

from sqlalchemy.dialects import postgresql, sqlite

from db.engine import DialectName
from db.models.metadata import Base


def insert_into(table: type[Base], dialect: DialectName) -> postgresql.Insert | sqlite.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
