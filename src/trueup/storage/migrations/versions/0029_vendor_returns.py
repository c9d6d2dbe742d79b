"""Units that came back from a buyer, and the items that were made of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029_vendor_returns"
down_revision = "0028_shop_products"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "vendor_returns",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("sku", "programme", "serial", "become")),
        sa.Column("cost_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("condition", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("item", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.TIMESTAMP(timezone=True), nullable=False) for name in ("recorded_at", "changed_at")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("recorded_by", "evidence")),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], [f"{SCHEMA}.orders.id"], name=op.f("fk_vendor_returns_order_id_orders")),
        sa.UniqueConstraint("programme", "serial", name=op.f("uq_vendor_returns_programme_serial")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_returns")),
        schema=SCHEMA,
    )
    op.create_index("ix_vendor_returns_order", "vendor_returns", ["order_id", "sequence"], unique=False, schema=SCHEMA)
    op.create_index("ix_vendor_returns_item", "vendor_returns", ["programme", "item"], unique=False, schema=SCHEMA)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("vendor_returns", schema=SCHEMA)
