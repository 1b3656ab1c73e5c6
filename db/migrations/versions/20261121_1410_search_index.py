"""Fills the search index with what is there already.

Apart from the revision that makes room for it, and a few rows at a time: nobody waits for a lock meanwhile.

Revision c3f2a8d1b6e4, after 5b0d7c1e94aa, 2026-11-21.
"""

from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

from db.search_words import Words, between_spaces, split_words
from db.types import UtcDateTime, type_of_id

revision = "c3f2a8d1b6e4"
down_revision = "5b0d7c1e94aa"
branch_labels = None
depends_on = None

BATCH = 500
STRETCH_CHARACTERS = 240
SECONDS: sa.Double[float] = sa.Double()

Entry = dict[str, object]

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

# Each begins after the last id of the batch before.
NOTES = """\
SELECT id, user_id, video_id, id AS note_id, text, created_at FROM notes
WHERE text <> '' AND id > :after ORDER BY id LIMIT :batch"""
MESSAGES = """\
SELECT m.id, c.user_id, c.video_id, m.conversation_id, m.id AS message_id, m.content AS text, m.created_at
FROM messages m JOIN conversations c ON c.id = m.conversation_id
WHERE m.content <> '' AND m.id > :after ORDER BY m.id LIMIT :batch"""
TITLES = """\
SELECT id, user_id, video_id, id AS conversation_id, title AS text, created_at FROM conversations
WHERE title <> '' AND id > :after ORDER BY id LIMIT :batch"""
VIDEOS = "SELECT id, created_at FROM videos WHERE transcript_available AND id > :after ORDER BY id LIMIT :batch"
SEGMENTS = "SELECT position, start_seconds, text FROM transcript_segments WHERE video_id = :video_id ORDER BY position"
WORDS = "UPDATE transcript_segments SET words = :words WHERE video_id = :of AND position = :at"


def upgrade() -> None:
    if op.get_context().as_sql:
        return  # it has to read
    connection = op.get_bind()
    for kind, scope, statement in (("NOTE", "n", NOTES), ("MESSAGE", "c", MESSAGES), ("CONVERSATION", "c", TITLES)):
        for batch in _batches(connection, statement):
            _add(connection, kind, batch, scope=scope, of="user_id")
    for videos in _batches(connection, VIDEOS):
        for video in videos:
            _index_transcript(connection, video)


def downgrade() -> None:
    op.execute("DELETE FROM search_entries")


def _batches(connection: Connection, statement: str) -> Iterator[Sequence[Mapping[str, object]]]:
    after: object = 0
    while True:
        found = connection.execute(
            sa.text(statement).columns(created_at=UtcDateTime()), {"after": after, "batch": BATCH}
        )
        batch = [dict(row) for row in found.mappings()]
        if not batch:
            return
        yield batch
        after = batch[-1]["id"]


def _index_transcript(connection: Connection, video: Mapping[str, object]) -> None:
    segments = [dict(row) for row in connection.execute(sa.text(SEGMENTS), {"video_id": video["id"]}).mappings()]
    if not segments:
        return
    words = [
        {"of": video["id"], "at": segment["position"], "words": between_spaces(str(segment["text"]))}
        for segment in segments
    ]
    connection.execute(sa.text(WORDS), words)
    stretches = [
        {
            "video_id": video["id"],
            "start_seconds": stretch[0]["start_seconds"],
            "first_position": stretch[0]["position"],
            "last_position": stretch[-1]["position"],
            "text": " ".join(str(each["text"]) for each in stretch),
            "created_at": video["created_at"],
        }
        for stretch in _stretches(segments)
    ]
    _add(connection, "TRANSCRIPT", stretches, scope="v", of="video_id")


def _add(connection: Connection, kind: str, rows: Sequence[Mapping[str, object]], *, scope: str, of: str) -> None:
    """Whose it is, is one of its words; a guest's has no such word."""
    entries: list[Entry] = []
    for row in rows:
        words = split_words(str(row["text"]))
        owner = [] if row[of] is None else [f"@{scope}{row[of]}"]
        given = {name: value for name, value in row.items() if name in EMPTY}
        if words:
            entries.append({**EMPTY, **given, "kind": kind, "words": " ".join([*words, *owner])})
    for start in range(0, len(entries), BATCH):
        connection.execute(sa.insert(ENTRIES), entries[start : start + BATCH])


def _stretches(segments: Sequence[Mapping[str, object]]) -> Iterator[Sequence[Mapping[str, object]]]:
    """Neighbouring segments together, until they are long enough to be found by several words."""
    gathered: list[Mapping[str, object]] = []
    for segment in segments:
        gathered.append(segment)
        if sum(len(str(each["text"])) for each in gathered) >= STRETCH_CHARACTERS:
            yield gathered
            gathered = []
    if gathered:
        yield gathered
