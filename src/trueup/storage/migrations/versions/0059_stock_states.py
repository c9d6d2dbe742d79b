"""States of exported stock: what of it is damaged, in quality control, safety stock or on its way, as the shop's file says."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0059_stock_states"
down_revision = "0058_entries_in_savepoints"
branch_labels = None
depends_on = None

SCHEMA = "trueup"
STATES = ("damaged", "quality_control", "safety_stock", "incoming")


def upgrade() -> None:
    """Add them. Rows of exports that are under way have none, which is read as zero until the next one."""
    for name in STATES:
        op.add_column("exported_stock", sa.Column(name, sa.BigInteger()), schema=SCHEMA)


def downgrade() -> None:
    """Drop them."""
    for name in STATES:
        op.drop_column("exported_stock", name, schema=SCHEMA)
