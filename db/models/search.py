"""The search index: one entry for each text that can be found, and on SQLite its words once more in FTS5."""

from sqlalchemy import Connection, ForeignKey, Index, event
from sqlalchemy.orm import Mapped, mapped_column

from db.models.metadata import NEVER_REUSE_IDS, Base, CreatedAt, Id
from db.search_words import Words
from db.types import type_of_id


class SearchEntry(Base):
    """A note, a message, the title of a conversation, or a stretch of a transcript. It goes with what it is of."""

    __tablename__ = "search_entries"
    __table_args__ = (
        Index(None, "video_id", "kind"),
        Index(None, "user_id", "kind"),
        Index(None, "note_id"),
        Index(None, "conversation_id"),
        Index(None, "message_id"),
        Index("ix_search_entries_words", "words", postgresql_using="gin").ddl_if(dialect="postgresql"),
        NEVER_REUSE_IDS,
    )

    id: Mapped[Id]
    kind: Mapped[str]
    """NOTE, MESSAGE, CONVERSATION or TRANSCRIPT."""
    user_id: Mapped[int | None] = mapped_column(type_of_id, ForeignKey("users.id", ondelete="CASCADE"))
    """Whose it is; null for a transcript, which is shared, and for what is a guest's."""
    video_id: Mapped[int] = mapped_column(type_of_id, ForeignKey("videos.id", ondelete="CASCADE"))
    note_id: Mapped[int | None] = mapped_column(type_of_id, ForeignKey("notes.id", ondelete="CASCADE"))
    conversation_id: Mapped[int | None] = mapped_column(type_of_id, ForeignKey("conversations.id", ondelete="CASCADE"))
    """Of a message, too."""
    message_id: Mapped[int | None] = mapped_column(type_of_id, ForeignKey("messages.id", ondelete="CASCADE"))
    start_seconds: Mapped[float | None]
    first_position: Mapped[int | None]
    """Of a stretch: its first segment."""
    last_position: Mapped[int | None]
    """Of a stretch: its last segment."""
    text: Mapped[str]
    words: Mapped[str] = mapped_column(Words)
    created_at: Mapped[CreatedAt]


# The words contain no separator but the space, so that everything else is a letter to FTS5.
FTS5_STATEMENTS = (
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


@event.listens_for(SearchEntry.__table__, "after_create")
def _create_fts5(table: object, connection: Connection, **options: object) -> None:
    del table, options
    if connection.dialect.name == "sqlite":
        for statement in FTS5_STATEMENTS:
            connection.exec_driver_sql(statement)
