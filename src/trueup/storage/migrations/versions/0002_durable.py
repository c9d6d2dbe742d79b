"""Durable work: checkpoints, timers, workers, troubles and rate budgets, in schema `durable`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_durable"
down_revision = "0001_archive"
branch_labels = None
depends_on = None

SCHEMA = "durable"


def upgrade() -> None:
    """Create the tables of durable work."""
    op.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    op.create_table(
        "checkpoints",
        sa.Column("run_id", sa.Text, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "timers",
        sa.Column("run_id", sa.Text, primary_key=True),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("flow", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("args", sa.Text, nullable=False),
        schema=SCHEMA,
    )
    op.create_index("ix_durable_timers_due", "timers", ["due"], schema=SCHEMA)
    op.create_table(
        "workers",
        sa.Column("executor_id", sa.Text, primary_key=True),
        sa.Column("application_version", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "troubles",
        sa.Column("run_id", sa.Text, primary_key=True),
        sa.Column("takeovers", sa.Integer, nullable=False, server_default="0"),
        sa.Column("reached", sa.Integer, nullable=False, server_default="0"),
        sa.Column("kind", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('failed', 'poisoned')", name="troubles_kind"),
        schema=SCHEMA,
    )
    op.create_table(
        "budgets",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("full_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rate_per_second", sa.Double, nullable=False),
        sa.Column("burst", sa.Double, nullable=False),
        schema=SCHEMA,
    )


def downgrade() -> None:
    """Drop the tables of durable work, and with them the memory of unfinished runs."""
    for table in ("budgets", "troubles", "workers", "timers", "checkpoints"):
        op.drop_table(table, schema=SCHEMA)
    op.execute(f"DROP SCHEMA {SCHEMA}")
