"""Events of channels, what is to be read again, and what is published to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012_channels"
down_revision = "0011_console"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Create them, and the indexes by which events find what they are about."""
    op.create_table(
        "hints",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("triggered_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("evidence", sa.CHAR(64), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "delivery", name=op.f("pk_hints")),
        schema=SCHEMA,
    )
    op.create_index("ix_hints_received", "hints", ["received_at"], schema=SCHEMA)
    op.create_table(
        "pumps",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("busy_since", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("sleeps_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pumps")),
        schema=SCHEMA,
    )
    op.create_table(
        "stock_looks",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("since", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("due", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "item", name=op.f("pk_stock_looks")),
        schema=SCHEMA,
    )
    op.create_index("ix_stock_looks_due", "stock_looks", ["channel", "due"], schema=SCHEMA)
    op.create_table(
        "publications",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.Column("changed_since", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("believed", sa.BigInteger(), nullable=True),
        sa.Column("published", sa.BigInteger(), nullable=True),
        sa.Column("counted_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("accepted_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("available", sa.BigInteger(), nullable=True),
        sa.Column("committed", sa.BigInteger(), nullable=True),
        sa.Column("on_hand", sa.BigInteger(), nullable=True),
        sa.Column("reserved", sa.BigInteger(), nullable=True),
        sa.Column("tracked", sa.Boolean(), nullable=True),
        sa.Column("shown_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("evidence", sa.CHAR(64), nullable=True),
        sa.Column("delay", sa.Interval(), nullable=True),
        sa.Column("detected", sa.Interval(), nullable=True),
        sa.PrimaryKeyConstraint("channel", "sku", "location", name=op.f("pk_publications")),
        schema=SCHEMA,
    )
    op.create_index("ix_publications_item", "publications", ["channel", "item"], schema=SCHEMA)
    op.create_index(
        "ix_publications_changed",
        "publications",
        ["channel", "changed_since"],
        schema=SCHEMA,
        postgresql_where=sa.text("changed_since IS NOT NULL"),
    )
    op.create_table(
        "stock_writes",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rows", postgresql.JSONB(), nullable=False),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("settled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("evidence", sa.CHAR(64), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_stock_writes")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_stock_writes_open",
        "stock_writes",
        ["channel", "made_at"],
        schema=SCHEMA,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_stock_writes_made", "stock_writes", ["made_at"], schema=SCHEMA)
    op.create_index("ix_products_shop_item", "products", ["shop_item"], schema=SCHEMA)
    op.create_index("ix_sales_orders_remote", "sales_orders", ["shop", "remote_id"], schema=SCHEMA)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_sales_orders_remote", "sales_orders", schema=SCHEMA)
    op.drop_index("ix_products_shop_item", "products", schema=SCHEMA)
    for table in ("stock_writes", "publications", "stock_looks", "pumps", "hints"):
        op.drop_table(table, schema=SCHEMA)
