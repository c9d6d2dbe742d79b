"""What circular systems said of items, cycles, returns and blocked dates; its changes; claims of purchase orders on items."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015_circular"
down_revision = "0014_advices"
branch_labels = None
depends_on = None

SCHEMA = "trueup"

_APPEND_ONLY = """
CREATE TRIGGER circular_changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.circular_changes
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
"""


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "circular_records",
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.BigInteger(), nullable=True),
        sa.Column("variant", sa.Text(), nullable=True),
        sa.Column("serial", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("body", JSONB, nullable=False),
        sa.Column("digest", sa.CHAR(length=64), nullable=False),
        sa.Column("evidence", sa.CHAR(length=64), nullable=False),
        sa.Column("first_seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("gone_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("programme", "kind", "id", name=op.f("pk_circular_records")),
        schema=SCHEMA,
    )
    op.create_index("ix_circular_records_variant", "circular_records", ["variant", "kind"], unique=False, schema=SCHEMA)
    op.create_index(
        "ix_circular_records_item",
        "circular_records",
        ["programme", "item", "kind"],
        unique=False,
        schema=SCHEMA,
        postgresql_where=sa.text("open"),
    )
    op.create_index(
        "ix_circular_records_serial",
        "circular_records",
        ["serial"],
        unique=False,
        schema=SCHEMA,
        postgresql_where=sa.text("serial IS NOT NULL"),
    )
    op.create_table(
        "circular_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("before", JSONB, nullable=True),
        sa.Column("after", JSONB, nullable=True),
        sa.Column("evidence", sa.CHAR(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_circular_changes")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_circular_changes_record",
        "circular_changes",
        ["programme", "kind", "record", "id"],
        unique=False,
        schema=SCHEMA,
    )
    op.execute(_APPEND_ONLY)
    _create_claims()


def _create_claims() -> None:
    op.create_table(
        "item_claims",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("item", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], [f"{SCHEMA}.orders.id"], name=op.f("fk_item_claims_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_claims")),
        schema=SCHEMA,
    )
    op.create_index(
        "uq_item_claims_open",
        "item_claims",
        ["programme", "item"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("state IN ('wanted', 'withholding', 'held', 'ending', 'releasing')"),
    )
    op.create_index("ix_item_claims_order", "item_claims", ["order_id", "sequence"], unique=False, schema=SCHEMA)


def downgrade() -> None:
    """Drop them."""
    for table in ("item_claims", "circular_changes", "circular_records"):
        op.drop_table(table, schema=SCHEMA)
