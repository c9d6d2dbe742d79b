"""Units of receipts: in which unit, of how many eaches, a buyer's status says what its docks counted in of a line."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0060_units_of_receipts"
down_revision = "0059_stock_states"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Add them. Rows from before have none: they are in the unit of the order."""
    op.add_column("line_receipts", sa.Column("unit", sa.Text()), schema=SCHEMA)
    op.add_column("line_receipts", sa.Column("unit_size", sa.BigInteger()), schema=SCHEMA)


def downgrade() -> None:
    """Drop them."""
    op.drop_column("line_receipts", "unit_size", schema=SCHEMA)
    op.drop_column("line_receipts", "unit", schema=SCHEMA)
