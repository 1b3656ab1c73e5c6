"""Learning: a search index, who brought a transcript, and circuit breakers.

Revision 5b0d7c1e94aa, after dbdc034d0b1e, 2026-11-21.
"""

from collections.abc import Iterator, Mapping

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

from db.search_words import Words, between_spaces, split_words
from db.types import UtcDateTime, type_of_id

revision = "5b0d7c1e94aa"
down_revision = "dbdc034d0b1e"
branch_labels = None
depends_on = None

FTS5 = (
    """\
CREATE VIRTUAL TABLE search_words USING fts5(
  words, content='search_entries', content_rowid='id',
  tokenize="unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'"
)""",
    """\
CREATE TRIGGER search_entries_added AFTER INSERT ON search_entries BEGIN
  INSERT INTO search_words(rowid, words) VALUES (new.id, new.words);
END""",
    """\
CREATE TRIGGER search_entries_removed AFTER DELETE ON search_entries BEGIN
  INSERT INTO search_words(search_words, rowid, words) VALUES ('delete', old.id, old.words);
END""",
    """\
CREATE TRIGGER search_entries_changed AFTER UPDATE OF words ON search_entries BEGIN
  INSERT INTO search_words(search_words, rowid, words) VALUES ('delete', old.id, old.words);
  INSERT INTO search_words(rowid, words) VALUES (new.id, new.words);
END""",
)
BATCH = 500
SECONDS: sa.Double[float] = sa.Double()
STRETCH_CHARACTERS = 240

Entry = dict[str, object]


def upgrade() -> None:
    op.add_column("videos", sa.Column("transcript_source", sa.String(), nullable=True))
    op.add_column("transcript_segments", sa.Column("words", sa.String(), nullable=True))
    op.create_table(
        "transcript_submissions",
        sa.Column("video_id", type_of_id, nullable=False),
        sa.Column("user_id", type_of_id, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["video_id"], ["videos.id"], name=op.f("fk_transcript_submissions_video_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_transcript_submissions_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("video_id", name=op.f("pk_transcript_submissions")),
    )
    op.create_index(op.f("ix_transcript_submissions_user_id"), "transcript_submissions", ["user_id"])
    op.create_table(
        "circuit_breakers",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("open_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_circuit_breakers")),
    )
    op.create_index(op.f("ix_tasks_kind_status_id"), "tasks", ["kind", "status", "id"])
    _create_index()
    if not op.get_context().as_sql:
        _fill(op.get_bind())


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TABLE search_words")
    op.drop_table("search_entries")
    op.drop_index(op.f("ix_tasks_kind_status_id"), table_name="tasks")
    op.drop_table("circuit_breakers")
    op.drop_table("transcript_submissions")
    op.drop_column("transcript_segments", "words")
    op.drop_column("videos", "transcript_source")


def _create_index() -> None:
    owners = {
        "user": "users",
        "video": "videos",
        "note": "notes",
        "conversation": "conversations",
        "message": "messages",
    }
    op.create_table(
        "search_entries",
        sa.Column("id", type_of_id, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        *(sa.Column(f"{name}_id", type_of_id, nullable=name != "video") for name in owners),
        sa.Column("start_seconds", SECONDS, nullable=True),
        sa.Column("first_position", sa.Integer(), nullable=True),
        sa.Column("last_position", sa.Integer(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("words", Words(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [f"{name}_id"], [f"{table}.id"], name=op.f(f"fk_search_entries_{name}_id"), ondelete="CASCADE"
            )
            for name, table in owners.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_entries")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_search_entries_video_id_kind"), "search_entries", ["video_id", "kind"])
    op.create_index(op.f("ix_search_entries_user_id_kind"), "search_entries", ["user_id", "kind"])
    for name in ("note", "conversation", "message"):
        op.create_index(op.f(f"ix_search_entries_{name}_id"), "search_entries", [f"{name}_id"])
    if op.get_context().dialect.name == "sqlite":
        for statement in FTS5:
            op.execute(statement)
    else:
        op.create_index("ix_search_entries_words", "search_entries", ["words"], postgresql_using="gin")


ENTRIES = sa.table(
    "search_entries",
    sa.column("kind"),
    sa.column("user_id", type_of_id),
    sa.column("video_id", type_of_id),
    sa.column("note_id", type_of_id),
    sa.column("conversation_id", type_of_id),
    sa.column("message_id", type_of_id),
    sa.column("start_seconds", SECONDS),
    sa.column("first_position", sa.Integer()),
    sa.column("last_position", sa.Integer()),
    sa.column("text", sa.String()),
    sa.column("words", Words()),
    sa.column("created_at", UtcDateTime()),
)
EMPTY: Entry = {column.name: None for column in ENTRIES.columns}

NOTES = "SELECT user_id, video_id, id AS note_id, text, created_at FROM notes WHERE text <> ''"
MESSAGES = (
    "SELECT c.user_id, c.video_id, m.conversation_id, m.id AS message_id, m.content AS text, m.created_at "
    "FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE m.content <> ''"
)
TITLES = (
    "SELECT user_id, video_id, id AS conversation_id, title AS text, created_at FROM conversations WHERE title <> ''"
)
SEGMENTS = (
    "SELECT s.video_id, s.position, s.start_seconds, s.text, v.created_at "
    "FROM transcript_segments s JOIN videos v ON v.id = s.video_id ORDER BY s.video_id, s.position"
)


def _fill(connection: Connection) -> None:
    """What there is already can be found, too."""
    _add(connection, "NOTE", _rows(connection, NOTES), scope="n", of="user_id")
    _add(connection, "MESSAGE", _rows(connection, MESSAGES), scope="c", of="user_id")
    _add(connection, "CONVERSATION", _rows(connection, TITLES), scope="c", of="user_id")
    segments = list(_rows(connection, SEGMENTS))
    words = [
        {"of": segment["video_id"], "at": segment["position"], "words": between_spaces(str(segment["text"]))}
        for segment in segments
    ]
    if words:
        statement = "UPDATE transcript_segments SET words = :words WHERE video_id = :of AND position = :at"
        connection.execute(sa.text(statement), words)
    _add(connection, "TRANSCRIPT", _stretches(segments), scope="v", of="video_id")


def _rows(connection: Connection, statement: str) -> Iterator[Mapping[str, object]]:
    rows = connection.execute(sa.text(statement).columns(created_at=UtcDateTime()))
    yield from (dict(row) for row in rows.mappings().all())


def _add(connection: Connection, kind: str, rows: Iterator[Mapping[str, object]], *, scope: str, of: str) -> None:
    """Whose it is, is one of its words; a guest's has no such word."""
    entries = [
        {
            **EMPTY,
            "kind": kind,
            "words": " ".join([*split_words(str(row["text"])), *([] if row[of] is None else [f"@{scope}{row[of]}"])]),
            **row,
        }
        for row in rows
    ]
    for start in range(0, len(entries), BATCH):
        connection.execute(sa.insert(ENTRIES), entries[start : start + BATCH])


def _stretches(segments: list[Mapping[str, object]]) -> Iterator[Entry]:
    """Neighbouring segments together, until they are long enough to be found by several words."""
    gathered: list[Mapping[str, object]] = []
    for number, segment in enumerate(segments):
        gathered.append(segment)
        following = segments[number + 1] if number + 1 < len(segments) else None
        ends_video = following is None or following["video_id"] != segment["video_id"]
        if ends_video or sum(len(str(each["text"])) for each in gathered) >= STRETCH_CHARACTERS:
            first = gathered[0]
            yield {
                "video_id": first["video_id"],
                "start_seconds": first["start_seconds"],
                "first_position": first["position"],
                "last_position": segment["position"],
                "text": " ".join(str(each["text"]) for each in gathered),
                "created_at": first["created_at"],
            }
            gathered = []
