"""Products as each shop sells them. What is known of an only shop is its own; of several the next sync of each says it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028_shop_products"
down_revision = "0027_inventory_updates"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Create the table, and fill it where one shop alone was ever asked for its products."""
    op.create_table(
        "shop_products",
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=True),
        sa.Column("item", sa.Text(), nullable=True),
        sa.Column("tracked", sa.Boolean(), nullable=True),
        sa.Column("circular", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("evidence", sa.CHAR(length=64), nullable=False),
        sa.PrimaryKeyConstraint("shop", "sku", name=op.f("pk_shop_products")),
        schema=SCHEMA,
    )
    op.create_index("ix_shop_products_sku", "shop_products", ["sku"], schema=SCHEMA)
    op.create_index("ix_shop_products_item", "shop_products", ["shop", "item"], schema=SCHEMA)
    op.create_index("ix_shop_products_variant", "shop_products", ["variant"], schema=SCHEMA)
    op.drop_index("ix_products_shop_item", table_name="products", schema=SCHEMA)
    op.execute(f"""
        INSERT INTO {SCHEMA}.shop_products (shop, sku, variant, item, tracked, circular, seen_at, evidence)
        SELECT single.name, p.sku, p.shop_variant, p.shop_item, p.tracked, p.circular, p.updated_at, p.evidence
        FROM {SCHEMA}.products p
        JOIN (SELECT min(name) AS name FROM {SCHEMA}.sources WHERE query = 'products'
              HAVING count(DISTINCT name) = 1) AS single ON true
        WHERE p.shop_variant IS NOT NULL
    """)


def downgrade() -> None:
    """Drop it."""
    op.create_index("ix_products_shop_item", "products", ["shop_item"], schema=SCHEMA)
    op.drop_table("shop_products", schema=SCHEMA)
