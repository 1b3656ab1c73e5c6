"""Accounts: more ways in, what they leave behind, uploads and jobs.

Revision dbdc034d0b1e, after 7bd10abab0cd, 2026-11-21.
"""

import sqlalchemy as sa
from alembic import op

from db.types import UtcDateTime, type_of_id, type_of_json

revision = "dbdc034d0b1e"
down_revision = "7bd10abab0cd"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blob_removals",
        sa.Column("storage_key", sa.String(), nullable=False),
        sa.Column("remove_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("storage_key", name=op.f("pk_blob_removals")),
    )
    op.create_index(op.f("ix_blob_removals_remove_at"), "blob_removals", ["remove_at"])
    op.create_table(
        "spent_credentials",
        sa.Column("credential_hash", sa.String(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("credential_hash", name=op.f("pk_spent_credentials")),
    )
    op.create_index(op.f("ix_spent_credentials_expires_at"), "spent_credentials", ["expires_at"])

    op.create_table(
        "api_tokens",
        sa.Column("user_id", type_of_id, nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_api_tokens_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    op.create_table(
        "audit_events",
        sa.Column("id", type_of_id, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("user_id", type_of_id, nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("details", type_of_json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_audit_events_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_events_created_at_id"), "audit_events", ["created_at", "id"])
    op.create_index(op.f("ix_audit_events_user_id_created_at_id"), "audit_events", ["user_id", "created_at", "id"])

    op.create_table(
        "jobs",
        sa.Column("id", type_of_id, autoincrement=True, nullable=False),
        sa.Column("user_id", type_of_id, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=True),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "status IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'CANCELLED')",
            name=op.f("ck_jobs_status"),
        ),
        sa.CheckConstraint("progress BETWEEN 0 AND 1", name=op.f("ck_jobs_progress")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_jobs_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_jobs_user_id_created_at_id"), "jobs", ["user_id", "created_at", "id"])

    op.create_table(
        "mailed_tokens",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_id", type_of_id, nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_mailed_tokens_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_mailed_tokens")),
    )
    op.create_index(op.f("ix_mailed_tokens_expires_at"), "mailed_tokens", ["expires_at"])
    op.create_index(op.f("ix_mailed_tokens_user_id_purpose"), "mailed_tokens", ["user_id", "purpose"])

    op.create_table(
        "provider_keys",
        sa.Column("user_id", type_of_id, nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_by", sa.String(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_provider_keys_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "provider", name=op.f("pk_provider_keys")),
    )
    op.create_index(op.f("ix_provider_keys_sealed_by"), "provider_keys", ["sealed_by"])

    op.create_table(
        "uploads",
        sa.Column("id", type_of_id, autoincrement=True, nullable=False),
        sa.Column("user_id", type_of_id, nullable=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("size_bytes", type_of_id, nullable=False),
        sa.Column("storage_key", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('PENDING', 'CLAIMED')", name=op.f("ck_uploads_state")),
        sa.CheckConstraint("size_bytes >= 1", name=op.f("ck_uploads_size_bytes")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_uploads_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
        sa.UniqueConstraint("storage_key", name=op.f("uq_uploads_storage_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_uploads_expires_at"), "uploads", ["expires_at"])
    op.create_index(op.f("ix_uploads_user_id"), "uploads", ["user_id"])

    op.create_table(
        "artifacts",
        sa.Column("id", type_of_id, autoincrement=True, nullable=False),
        sa.Column("job_id", type_of_id, nullable=False),
        sa.Column("stage", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("size_bytes", type_of_id, nullable=False),
        sa.Column("storage_key", sa.String(), nullable=False),
        sa.Column("details", type_of_json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_artifacts_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_artifacts")),
        sa.UniqueConstraint("storage_key", name=op.f("uq_artifacts_storage_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_artifacts_job_id"), "artifacts", ["job_id"])

    op.create_index(op.f("ix_tasks_finished_at"), "tasks", ["finished_at"])
    op.create_index(op.f("ix_refresh_tokens_expires_at"), "refresh_tokens", ["expires_at"])

    # Column by column: SQLite would have to rebuild the whole table for a constraint.
    op.add_column("sessions", sa.Column("user_agent", sa.String(), nullable=True))
    op.add_column("sessions", sa.Column("address", sa.String(), nullable=True))
    op.add_column("sessions", sa.Column("last_used_at", UtcDateTime(), nullable=True))
    op.add_column("sessions", sa.Column("expires_at", UtcDateTime(), nullable=True))
    op.drop_index(op.f("ix_sessions_user_id"), table_name="sessions")
    op.create_index(op.f("ix_sessions_user_id_created_at_id"), "sessions", ["user_id", "created_at", "id"])

    op.add_column("users", sa.Column("google_subject", sa.String(), nullable=True))
    op.add_column("users", sa.Column("picture_url", sa.String(), nullable=True))
    op.add_column("users", sa.Column("avatar_key", sa.String(), nullable=True))
    op.create_index("uq_users_google_subject", "users", ["google_subject"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_users_google_subject", table_name="users")
    for column in ("avatar_key", "picture_url", "google_subject"):
        op.drop_column("users", column)

    op.drop_index(op.f("ix_sessions_user_id_created_at_id"), table_name="sessions")
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"])
    for column in ("expires_at", "last_used_at", "address", "user_agent"):
        op.drop_column("sessions", column)

    op.drop_index(op.f("ix_refresh_tokens_expires_at"), table_name="refresh_tokens")
    op.drop_index(op.f("ix_tasks_finished_at"), table_name="tasks")
    for table in (
        "artifacts",
        "uploads",
        "provider_keys",
        "mailed_tokens",
        "jobs",
        "audit_events",
        "api_tokens",
        "spent_credentials",
        "blob_removals",
    ):
        op.drop_table(table)
