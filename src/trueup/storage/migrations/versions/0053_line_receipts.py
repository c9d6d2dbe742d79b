"""What a buyer's status of an order says that its docks counted in, by line: every number that it showed, in the order of looks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0053_line_receipts"
down_revision = "0052_staged_disputes"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Create the table; its rows are never changed."""
    op.create_table(
        "line_receipts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("told_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("evidence", sa.CHAR(64), nullable=False),
        sa.Column("seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("received >= 0", name=op.f("ck_line_receipts_received")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_receipts")),
        schema=SCHEMA,
    )
    op.create_index("ix_line_receipts_line", "line_receipts", ["partner", "number", "sequence", "id"], schema=SCHEMA)
    op.execute(
        "CREATE TRIGGER line_receipts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.line_receipts"
        " FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change()"
    )


def downgrade() -> None:
    """Drop it; what was shown stands in the archive."""
    op.drop_table("line_receipts", schema=SCHEMA)
