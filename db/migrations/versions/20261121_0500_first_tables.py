"""The first tables.

Revision 4672bd5e3ccf, 2026-11-21.
"""

import sqlalchemy as sa
from alembic import op

from db.types import UtcDateTime, type_of_id, type_of_json

revision = "4672bd5e3ccf"
down_revision = None
branch_labels = None
depends_on = None

LIVE = sa.text("status IN ('PENDING', 'RUNNING')")
SECONDS: sa.Double[float] = sa.Double()


def upgrade() -> None:
    op.create_table(
        "attempt_counters",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("resets_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_attempt_counters")),
    )
    op.create_index(op.f("ix_attempt_counters_resets_at"), "attempt_counters", ["resets_at"])
    op.create_table(
        "event_topics",
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("floor", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("topic", name=op.f("pk_event_topics")),
    )
    op.create_index(op.f("ix_event_topics_updated_at"), "event_topics", ["updated_at"])
    op.create_table(
        "events",
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("data", type_of_json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "seq", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_created_at"), "events", ["created_at"])
    op.create_table(
        "quota_counters",
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "day", name=op.f("pk_quota_counters")),
    )
    op.create_table(
        "tasks",
        sa.Column("id", type_of_id, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("payload", type_of_json, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("run_at", UtcDateTime(), nullable=False),
        sa.Column("lease_token", sa.String(), nullable=True),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("error", type_of_json, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tasks_claimable", "tasks", ["lane", "run_at", "id"], sqlite_where=LIVE, postgresql_where=LIVE)
    op.create_index(
        "uq_tasks_live_key", "tasks", ["kind", "key"], unique=True, sqlite_where=LIVE, postgresql_where=LIVE
    )
    op.create_table(
        "users",
        sa.Column("id", type_of_id, autoincrement=True, nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("email_verified", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("ai_notes_enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "videos",
        sa.Column("id", type_of_id, autoincrement=True, nullable=False),
        sa.Column("youtube_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("metadata", type_of_json, nullable=True),
        sa.Column("transcript_available", sa.Boolean(), nullable=False),
        sa.Column("summary", sa.String(), nullable=True),
        sa.Column("suggested_questions", type_of_json, nullable=True),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_videos")),
        sa.UniqueConstraint("youtube_id", name=op.f("uq_videos_youtube_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "conversations",
        sa.Column("id", type_of_id, autoincrement=True, nullable=False),
        sa.Column("video_id", type_of_id, nullable=False),
        sa.Column("user_id", type_of_id, nullable=True),
        sa.Column("guest_hash", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("(user_id IS NULL) <> (guest_hash IS NULL)", name=op.f("ck_conversations_one_owner")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_conversations_user_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["video_id"], ["videos.id"], name=op.f("fk_conversations_video_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_conversations_guest_hash_created_at_id"), "conversations", ["guest_hash", "created_at", "id"]
    )
    op.create_index(op.f("ix_conversations_user_id_created_at_id"), "conversations", ["user_id", "created_at", "id"])
    op.create_index(op.f("ix_conversations_video_id"), "conversations", ["video_id"])
    op.create_table(
        "notes",
        sa.Column("id", type_of_id, autoincrement=True, nullable=False),
        sa.Column("user_id", type_of_id, nullable=False),
        sa.Column("video_id", type_of_id, nullable=False),
        sa.Column("timestamp", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("ai_status", sa.String(), nullable=False),
        sa.Column("generated_by_ai", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notes_user_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name=op.f("fk_notes_video_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_notes_user_id_created_at_id"), "notes", ["user_id", "created_at", "id"])
    op.create_index(
        op.f("ix_notes_user_id_video_id_created_at_id"), "notes", ["user_id", "video_id", "created_at", "id"]
    )
    op.create_index(op.f("ix_notes_video_id"), "notes", ["video_id"])
    op.create_table(
        "sessions",
        sa.Column("id", type_of_id, autoincrement=True, nullable=False),
        sa.Column("user_id", type_of_id, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"])
    op.create_table(
        "transcript_segments",
        sa.Column("video_id", type_of_id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("start_seconds", SECONDS, nullable=False),
        sa.Column("duration_seconds", SECONDS, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["video_id"], ["videos.id"], name=op.f("fk_transcript_segments_video_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("video_id", "position", name=op.f("pk_transcript_segments")),
    )
    op.create_table(
        "video_additions",
        sa.Column("user_id", type_of_id, nullable=False),
        sa.Column("video_id", type_of_id, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_video_additions_user_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["video_id"], ["videos.id"], name=op.f("fk_video_additions_video_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "video_id", name=op.f("pk_video_additions")),
    )
    op.create_index(op.f("ix_video_additions_video_id"), "video_additions", ["video_id"])
    op.create_table(
        "video_parts",
        sa.Column("video_id", type_of_id, nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name=op.f("fk_video_parts_video_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("video_id", "part", name=op.f("pk_video_parts")),
    )
    op.create_table(
        "messages",
        sa.Column("id", type_of_id, autoincrement=True, nullable=False),
        sa.Column("conversation_id", type_of_id, nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("citations", type_of_json, nullable=False),
        sa.Column("model", sa.String(), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("reply_to_id", type_of_id, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_messages_conversation_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["reply_to_id"], ["messages.id"], name=op.f("fk_messages_reply_to_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_messages_conversation_id_created_at_id"), "messages", ["conversation_id", "created_at", "id"]
    )
    op.create_index(op.f("ix_messages_reply_to_id"), "messages", ["reply_to_id"])
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("session_id", type_of_id, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_refresh_tokens_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_refresh_tokens")),
    )
    op.create_index(op.f("ix_refresh_tokens_session_id"), "refresh_tokens", ["session_id"])


def downgrade() -> None:
    op.drop_table("refresh_tokens")
    op.drop_table("messages")
    op.drop_table("video_parts")
    op.drop_table("video_additions")
    op.drop_table("transcript_segments")
    op.drop_table("sessions")
    op.drop_table("notes")
    op.drop_table("conversations")
    op.drop_table("videos")
    op.drop_table("users")
    op.drop_table("tasks")
    op.drop_table("quota_counters")
    op.drop_table("events")
    op.drop_table("event_topics")
    op.drop_table("attempt_counters")
