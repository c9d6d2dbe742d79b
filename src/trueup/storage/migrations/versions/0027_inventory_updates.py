"""What warehouses of direct fulfillment programmes were told, and what was accepted of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027_inventory_updates"
down_revision = "0026_identities"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "inventory_updates",
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("vendor_code", sa.Text(), nullable=False),
        sa.Column("warehouse", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("whole_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["trueup.deliveries.id"], name=op.f("fk_inventory_updates_delivery_id_deliveries")
        ),
        sa.PrimaryKeyConstraint("partner", "vendor_code", "warehouse", name=op.f("pk_inventory_updates")),
        schema=SCHEMA,
    )
    op.create_table(
        "told_items",
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("vendor_code", sa.Text(), nullable=False),
        sa.Column("warehouse", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("vendor_product_id", sa.Text(), nullable=False),
        sa.Column("asin", sa.Text(), nullable=True),
        sa.Column("told", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=True),
        sa.Column("accepted_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("differs_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("refused", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["trueup.deliveries.id"], name=op.f("fk_told_items_delivery_id_deliveries")
        ),
        sa.PrimaryKeyConstraint("partner", "vendor_code", "warehouse", "sku", name=op.f("pk_told_items")),
        schema=SCHEMA,
    )
    op.create_index("ix_told_items_sku", "told_items", ["sku"], schema=SCHEMA)
    op.create_index("ix_told_items_delivery", "told_items", ["delivery_id"], schema=SCHEMA)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("told_items", schema=SCHEMA)
    op.drop_table("inventory_updates", schema=SCHEMA)
