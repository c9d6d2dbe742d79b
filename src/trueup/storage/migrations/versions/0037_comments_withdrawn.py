"""Comments on cases are taken back by who made them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037_comments_withdrawn"
down_revision = "0036_sales_move_stock"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a comment be withdrawn; it stays."""
    withdrawn = sa.Column("withdrawn_at", sa.TIMESTAMP(timezone=True), nullable=True)
    op.add_column("case_comments", withdrawn, schema="trueup")


def downgrade() -> None:
    """What was withdrawn stands again."""
    op.drop_column("case_comments", "withdrawn_at", schema="trueup")
