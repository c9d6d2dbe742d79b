"""The stock ledger: what each source counts and counted, what moved, and buffers computed from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_stock"
down_revision = "0008_witnesses"
branch_labels = None
depends_on = None

SCHEMA = "trueup"

_APPEND_ONLY = """
CREATE TRIGGER stock_observations_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.stock_observations
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
CREATE TRIGGER stock_movements_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.stock_movements
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
"""


def _numbers() -> list[sa.Column[int]]:
    names = (
        "available",
        "committed",
        "on_hand",
        "reserved",
        "damaged",
        "quality_control",
        "safety_stock",
        "incoming",
    )
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def upgrade() -> None:
    """Create them, and tell what orders hold now as movements, so that the ledger balances from its first day."""
    op.create_table(
        "stock_levels",
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("counted", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        *_numbers(),
        sa.Column("tracked", sa.Boolean(), nullable=False),
        sa.Column("observed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("evidence", sa.CHAR(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sku", "location", "counted", name=op.f("pk_stock_levels")),
        schema=SCHEMA,
    )
    op.create_index("ix_stock_levels_location", "stock_levels", ["location", "sku"], unique=False, schema=SCHEMA)
    op.create_table(
        "stock_observations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("counted", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        *_numbers(),
        sa.Column("tracked", sa.Boolean(), nullable=False),
        sa.Column("observed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("evidence", sa.CHAR(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_observations")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_stock_observations_time",
        "stock_observations",
        ["sku", "location", "counted", "observed_at"],
        unique=False,
        schema=SCHEMA,
    )
    op.create_table(
        "stock_movements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("eaches", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("evidence", sa.CHAR(length=64), nullable=False),
        sa.CheckConstraint("eaches > 0", name=op.f("ck_stock_movements_eaches_positive")),
        sa.CheckConstraint("serial = '' OR eaches = 1", name=op.f("ck_stock_movements_one_a_serial")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movements")),
        sa.UniqueConstraint(
            "sku",
            "location",
            "source",
            "reference",
            "serial",
            name=op.f("uq_stock_movements_sku_location_source_reference_serial"),
        ),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_stock_movements_time", "stock_movements", ["sku", "location", "occurred_at"], unique=False, schema=SCHEMA
    )
    op.create_table(
        "stock_buffers",
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("eaches", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("computed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("eaches >= 0", name=op.f("ck_stock_buffers_not_negative")),
        sa.PrimaryKeyConstraint("channel", "location", "sku", name=op.f("pk_stock_buffers")),
        schema=SCHEMA,
    )
    op.execute(_OPENING)
    op.execute(_APPEND_ONLY)


_OPENING = """
INSERT INTO trueup.stock_movements (sku, location, serial, kind, eaches, occurred_at, source, reference, evidence)
SELECT sku, location, '', 'reserved', eaches, reserved_at, 'reservations',
       order_id || '/' || sequence || '/opening', repeat('0', 64)
FROM trueup.reservations;
INSERT INTO trueup.stock_levels
    (sku, location, counted, source, available, committed, on_hand, reserved, damaged, quality_control, safety_stock, incoming,
     tracked, observed_at, changed_at, evidence)
SELECT s.sku, s.location, 'declared', coalesce(p.declared_source, 'declared'), s.declared_on_hand, 0, s.declared_on_hand,
       0, 0, 0, 0, 0, true, s.declared_at, s.declared_at, s.evidence
FROM trueup.stock s LEFT JOIN trueup.products p ON p.sku = s.sku WHERE s.declared_on_hand IS NOT NULL;
INSERT INTO trueup.stock_observations
    (sku, location, counted, source, available, committed, on_hand, reserved, damaged, quality_control, safety_stock, incoming,
     tracked, observed_at, evidence)
SELECT sku, location, counted, source, available, committed, on_hand, reserved, damaged, quality_control, safety_stock, incoming,
       tracked, observed_at, evidence
FROM trueup.stock_levels;
"""


def downgrade() -> None:
    """Drop them."""
    op.drop_table("stock_buffers", schema=SCHEMA)
    op.drop_table("stock_movements", schema=SCHEMA)
    op.drop_table("stock_observations", schema=SCHEMA)
    op.drop_table("stock_levels", schema=SCHEMA)
