"""What buyers were told that they may order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014_advices"
down_revision = "0013_trade_ins"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "advices",
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("vendor_code", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("whole_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["trueup.deliveries.id"], name=op.f("fk_advices_delivery_id_deliveries")
        ),
        sa.PrimaryKeyConstraint("partner", "vendor_code", name=op.f("pk_advices")),
        schema=SCHEMA,
    )
    op.create_table(
        "advised_stock",
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("vendor_code", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("eaches", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["trueup.deliveries.id"], name=op.f("fk_advised_stock_delivery_id_deliveries")
        ),
        sa.PrimaryKeyConstraint("partner", "vendor_code", "sku", name=op.f("pk_advised_stock")),
        schema=SCHEMA,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("advised_stock", schema=SCHEMA)
    op.drop_table("advices", schema=SCHEMA)
