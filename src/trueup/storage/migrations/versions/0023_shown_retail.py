"""What each shop was last seen to show of products at Amazon."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023_shown_retail"
down_revision = "0022_vendor_reports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create it."""
    op.create_table(
        "shown_retail",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("shop", "sku", "marketplace")),
        sa.Column("fields", postgresql.JSONB(), nullable=False),
        sa.Column("record", postgresql.JSONB(), nullable=False),
        sa.Column("checked_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("writes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("shop", "sku", "marketplace", name=op.f("pk_shown_retail")),
        schema="trueup",
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("shown_retail", schema="trueup")
