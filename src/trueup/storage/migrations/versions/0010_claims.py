"""Reservations are found by what matters of them: those not claimed yet, and those claimed since a moment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_claims"
down_revision = "0009_stock"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Two indexes instead of the one that finds years of claims."""
    op.create_index(
        "ix_reservations_claimed", "reservations", ["sku", "location", "claimed_at"], unique=False, schema=SCHEMA
    )
    op.create_index(
        "ix_reservations_unclaimed",
        "reservations",
        ["sku", "location"],
        unique=False,
        schema=SCHEMA,
        postgresql_where=sa.text("claimed_eaches < eaches"),
    )
    op.drop_index("ix_reservations_sku", "reservations", schema=SCHEMA)


def downgrade() -> None:
    """The one again."""
    op.create_index("ix_reservations_sku", "reservations", ["sku", "location"], unique=False, schema=SCHEMA)
    op.drop_index("ix_reservations_unclaimed", "reservations", schema=SCHEMA)
    op.drop_index("ix_reservations_claimed", "reservations", schema=SCHEMA)
