"""Exports of a channel's whole stock."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033_stock_exports"
down_revision = "0032_jobs_cancelled"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Create the table; one export of a channel is under way at a time."""
    op.create_table(
        "stock_exports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("wanted_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("as_of", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("evidence", sa.CHAR(length=64), nullable=True),
        sa.Column("whole", sa.Boolean(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_exports")),
        schema=SCHEMA,
    )
    where = sa.text("stage IN ('wanted', 'running', 'read')")
    op.create_index(
        "ix_stock_exports_one", "stock_exports", ["channel"], unique=True, schema=SCHEMA, postgresql_where=where
    )
    op.create_index("ix_stock_exports_reference", "stock_exports", ["channel", "reference"], schema=SCHEMA)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("stock_exports", schema=SCHEMA)
