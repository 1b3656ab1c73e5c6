"""Persisted queries.

Revision 7bd10abab0cd, after 4672bd5e3ccf, 2026-11-21.
"""

import sqlalchemy as sa
from alembic import op

from db.types import UtcDateTime

revision = "7bd10abab0cd"
down_revision = "4672bd5e3ccf"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "persisted_queries",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_persisted_queries")),
    )
    op.create_index(op.f("ix_persisted_queries_last_used_at_sha256"), "persisted_queries", ["last_used_at", "sha256"])


def downgrade() -> None:
    op.drop_table("persisted_queries")
