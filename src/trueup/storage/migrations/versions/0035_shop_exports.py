"""Exports of the catalogue beside those of stock, the rows of both until they are taken in, and when a look was noted last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035_shop_exports"
down_revision = "0034_lines_by_rule"
branch_labels = None
depends_on = None

SCHEMA = "trueup"
_OPEN = sa.text("stage IN ('wanted', 'running', 'read')")


def upgrade() -> None:
    """Rename the table of exports, and create those of their rows. What is under way is given up: the next sweep begins another."""
    op.execute(f"""
        UPDATE {SCHEMA}.stock_exports SET stage = 'failed', ended_at = now(), words = 'given up by an update'
        WHERE stage IN ('wanted', 'running', 'read')
    """)
    op.rename_table("stock_exports", "shop_exports", schema=SCHEMA)
    op.execute(f"ALTER INDEX {SCHEMA}.pk_stock_exports RENAME TO pk_shop_exports")
    op.execute(f"ALTER INDEX {SCHEMA}.ix_stock_exports_reference RENAME TO ix_shop_exports_reference")
    op.execute(f"ALTER SEQUENCE {SCHEMA}.stock_exports_id_seq RENAME TO shop_exports_id_seq")
    op.drop_index("ix_stock_exports_one", table_name="shop_exports", schema=SCHEMA)
    content = sa.Column("content", sa.Text(), nullable=False, server_default="stock")
    op.add_column("shop_exports", content, schema=SCHEMA)
    op.alter_column("shop_exports", "content", server_default=None, schema=SCHEMA)
    one = ["channel", "content"]
    op.create_index("ix_shop_exports_one", "shop_exports", one, unique=True, schema=SCHEMA, postgresql_where=_OPEN)
    op.create_table(
        "exported_stock",
        sa.Column("export_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("tracked", sa.Boolean(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        *(
            sa.Column(name, sa.BigInteger(), nullable=True)
            for name in ("available", "committed", "on_hand", "reserved")
        ),
        schema=SCHEMA,
    )
    op.create_index("ix_exported_stock_item", "exported_stock", ["export_id", "item"], schema=SCHEMA)
    op.create_table(
        "exported_products",
        sa.Column("export_id", sa.BigInteger(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("case_size", sa.BigInteger(), nullable=True),
        sa.Column("gtin", sa.Text(), nullable=True),
        sa.Column("shop_variant", sa.Text(), nullable=True),
        sa.Column("shop_item", sa.Text(), nullable=True),
        sa.Column("tracked", sa.Boolean(), nullable=True),
        sa.Column("circular", sa.Boolean(), nullable=False),
        schema=SCHEMA,
    )
    op.create_index("ix_exported_products_sku", "exported_products", ["export_id", "sku"], schema=SCHEMA)

    noted = sa.Column("noted_at", sa.TIMESTAMP(timezone=True), nullable=False, server_default=sa.text("now()"))
    op.add_column("stock_looks", noted, schema=SCHEMA)
    op.alter_column("stock_looks", "noted_at", server_default=None, schema=SCHEMA)


def downgrade() -> None:
    """Drop the rows, and what was exported of catalogues."""
    op.drop_column("stock_looks", "noted_at", schema=SCHEMA)
    op.drop_table("exported_products", schema=SCHEMA)
    op.drop_table("exported_stock", schema=SCHEMA)
    op.execute(f"DELETE FROM {SCHEMA}.shop_exports WHERE content <> 'stock'")
    op.drop_index("ix_shop_exports_one", table_name="shop_exports", schema=SCHEMA)
    op.drop_column("shop_exports", "content", schema=SCHEMA)
    op.execute(f"ALTER SEQUENCE {SCHEMA}.shop_exports_id_seq RENAME TO stock_exports_id_seq")
    op.execute(f"ALTER INDEX {SCHEMA}.ix_shop_exports_reference RENAME TO ix_stock_exports_reference")
    op.execute(f"ALTER INDEX {SCHEMA}.pk_shop_exports RENAME TO pk_stock_exports")
    op.rename_table("shop_exports", "stock_exports", schema=SCHEMA)
    op.create_index(
        "ix_stock_exports_one", "stock_exports", ["channel"], unique=True, schema=SCHEMA, postgresql_where=_OPEN
    )
