"""Connections that a person has put to rest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018_pauses"
down_revision = "0017_lights"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "pauses",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("paused_by", sa.Text(), nullable=False),
        sa.Column("paused_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("until", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_pauses_with_a_reason")),
        sa.CheckConstraint("until > paused_at", name=op.f("ck_pauses_for_a_while")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pauses")),
        schema="trueup",
    )
    op.create_index(
        "uq_pauses_open",
        "pauses",
        ["connection"],
        unique=True,
        schema="trueup",
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("pauses", schema="trueup")
