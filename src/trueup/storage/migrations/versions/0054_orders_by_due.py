"""Orders by when their answer is due, as their list is sorted: a page of it is read from the index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054_orders_by_due"
down_revision = "0053_line_receipts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    op.create_index("ix_orders_due", "orders", [sa.text("coalesce(answer_due_at, ordered_at)"), "id"], schema="trueup")


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_orders_due", table_name="orders", schema="trueup")
