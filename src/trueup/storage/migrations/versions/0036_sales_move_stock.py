"""What customers buy and send back moves stock: what channels were told is gone, what they should show, what shops do not say."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036_sales_move_stock"
down_revision = "0035_shop_exports"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Counts that stand in shops were told when they were accepted; nothing is known to be gone since."""
    when = sa.TIMESTAMP(timezone=True)
    gone = sa.Column("gone", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
    op.add_column("publications", gone, schema=SCHEMA)
    for name, kind in (("based_at", when), ("doubted_since", when), ("should_show", sa.BigInteger())):
        op.add_column("publications", sa.Column(name, kind, nullable=True), schema=SCHEMA)
    op.execute(f"UPDATE {SCHEMA}.publications SET based_at = accepted_at WHERE published IS NOT NULL")
    where = sa.text("doubted_since IS NOT NULL")
    op.create_index(
        "ix_publications_doubted",
        "publications",
        ["channel", "doubted_since"],
        schema=SCHEMA,
        postgresql_where=where,
    )
    shipped = sa.Column("shipped_eaches", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
    op.add_column("reservations", shipped, schema=SCHEMA)
    op.create_table(
        "unsaid_units",
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("line_id", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("eaches", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("at", when, nullable=False),
        sa.Column("evidence", sa.CHAR(length=64), nullable=False),
        sa.PrimaryKeyConstraint("shop", "line_id", name=op.f("pk_unsaid_units")),
        schema=SCHEMA,
    )
    op.create_index("ix_unsaid_units_sku", "unsaid_units", ["shop", "sku", "at"], schema=SCHEMA)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("unsaid_units", schema=SCHEMA)
    op.drop_column("reservations", "shipped_eaches", schema=SCHEMA)
    op.drop_index("ix_publications_doubted", "publications", schema=SCHEMA)
    for name in ("gone", "based_at", "doubted_since", "should_show"):
        op.drop_column("publications", name, schema=SCHEMA)
