"""Orders that are still open are found without reading those that are closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016_open_orders"
down_revision = "0015_circular"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    op.create_index("ix_orders_open", "orders", ["id"], schema="trueup", postgresql_where=sa.text("state <> 'closed'"))


def downgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_orders_open", table_name="orders", schema="trueup")
