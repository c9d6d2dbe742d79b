"""Trade-ins, their credits, what the shop and the circular system say of them; the shop's orders, and deposits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013_trade_ins"
down_revision = "0012_channels"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "trade_ins",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("quoted_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("cost_minor", sa.BigInteger(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=True),
        sa.Column("graded_on", sa.Date(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("release", sa.Boolean(), nullable=False),
        sa.Column("condition_set", sa.Boolean(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("leased_by", sa.Text(), nullable=False),
        sa.Column("evidence", sa.CHAR(length=64), nullable=False),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("(value_minor IS NULL) OR (graded_on IS NOT NULL)", name=op.f("ck_trade_ins_graded_when")),
        sa.CheckConstraint("quoted_minor > 0", name=op.f("ck_trade_ins_of_something")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trade_ins")),
        schema=SCHEMA,
    )
    op.create_index("ix_trade_ins_item", "trade_ins", ["system", "item_id"], unique=False, schema=SCHEMA)
    op.create_index(
        "ix_trade_ins_open",
        "trade_ins",
        ["id"],
        unique=False,
        schema=SCHEMA,
        postgresql_where=sa.text("state NOT IN ('released', 'refused')"),
    )
    op.create_index("uq_trade_ins_key", "trade_ins", ["key"], unique=True, schema=SCHEMA)
    op.create_index("uq_trade_ins_serial", "trade_ins", ["system", "serial"], unique=True, schema=SCHEMA)
    op.create_table(
        "credits",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("trade_in_id", sa.BigInteger(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("owed_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("fingerprint", sa.CHAR(length=64), nullable=True),
        sa.Column("last_characters", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("shown_minor", sa.BigInteger(), nullable=True),
        sa.Column("spent_minor", sa.BigInteger(), nullable=False),
        sa.Column("expired_minor", sa.BigInteger(), nullable=False),
        sa.Column("broken_minor", sa.BigInteger(), nullable=False),
        sa.Column("usable", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("evidence", sa.CHAR(length=64), nullable=False),
        sa.CheckConstraint("minor > 0", name=op.f("ck_credits_of_something")),
        sa.CheckConstraint("spent_minor + broken_minor <= minor", name=op.f("ck_credits_moved_within")),
        sa.CheckConstraint(
            "spent_minor >= 0 AND expired_minor >= 0 AND broken_minor >= 0", name=op.f("ck_credits_moved_forward")
        ),
        sa.ForeignKeyConstraint(
            ["trade_in_id"], ["trueup.trade_ins.id"], name=op.f("fk_credits_trade_in_id_trade_ins")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credits")),
        sa.UniqueConstraint("trade_in_id", name=op.f("uq_credits_trade_in_id")),
        schema=SCHEMA,
    )
    op.create_index(
        "uq_credits_remote",
        "credits",
        ["shop", "remote_id"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("remote_id <> ''"),
    )
    op.create_table(
        "credit_attempts",
        sa.Column("credit_id", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("before_minor", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["credit_id"], ["trueup.credits.id"], name=op.f("fk_credit_attempts_credit_id_credits")
        ),
        sa.PrimaryKeyConstraint("credit_id", "attempt", name=op.f("pk_credit_attempts")),
        schema=SCHEMA,
    )
    op.create_table(
        "store_credit_accounts",
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("shop", "customer", "currency", name=op.f("pk_store_credit_accounts")),
        schema=SCHEMA,
    )
    op.create_table(
        "shop_sales",
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("placed_on", sa.Date(), nullable=False),
        sa.Column("moved_on", sa.Date(), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("evidence", sa.CHAR(length=64), nullable=False),
        sa.Column("seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("shop", "sale_id", name=op.f("pk_shop_sales")),
        schema=SCHEMA,
    )
    op.create_index("ix_shop_sales_moved", "shop_sales", ["moved_on"], unique=False, schema=SCHEMA)
    op.create_index("ix_shop_sales_placed", "shop_sales", ["placed_on"], unique=False, schema=SCHEMA)
    op.create_table(
        "deposits",
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("line_id", sa.Text(), nullable=False),
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("given_back_minor", sa.BigInteger(), nullable=False),
        sa.Column("booked_minor", sa.BigInteger(), nullable=False),
        sa.Column("bookings", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("shop", "line_id", name=op.f("pk_deposits")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_deposits_held",
        "deposits",
        ["left_on"],
        unique=False,
        schema=SCHEMA,
        postgresql_where=sa.text("minor <> given_back_minor"),
    )


def downgrade() -> None:
    """Drop them."""
    gone = (
        "deposits",
        "shop_sales",
        "store_credit_accounts",
        "credit_attempts",
        "credits",
        "trade_ins",
    )
    for table in gone:
        op.drop_table(table, schema=SCHEMA)
