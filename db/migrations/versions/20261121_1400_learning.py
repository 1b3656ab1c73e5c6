"""Learning: room for a search index, who brought a transcript, and circuit breakers.

Revision 5b0d7c1e94aa, after dbdc034d0b1e, 2026-11-21.
"""

import sqlalchemy as sa
from alembic import op

from db.search_words import Words
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
SECONDS: sa.Double[float] = sa.Double()


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
