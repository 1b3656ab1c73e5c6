"""Whether the SQLite that Python came with can search."""

import sqlite3


def has_fts5(connection: sqlite3.Connection) -> bool:
    """Of a scratch database: a table is made in it and dropped."""
    try:
        connection.execute("CREATE VIRTUAL TABLE tried USING fts5(words)")
    except sqlite3.DatabaseError:
        return False
    connection.execute("DROP TABLE tried")
    return True


def can_search() -> bool:
    connection = sqlite3.connect(":memory:")
    try:
        return has_fts5(connection)
    finally:
        connection.close()
