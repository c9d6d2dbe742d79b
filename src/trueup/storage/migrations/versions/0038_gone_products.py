"""Since when a shop's catalogue does not show a product any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038_gone_products"
down_revision = "0037_comments_withdrawn"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Add the column, and find those quickly: they are few."""
    op.add_column("shop_products", sa.Column("gone_at", sa.TIMESTAMP(timezone=True), nullable=True), schema=SCHEMA)
    is_gone = sa.text("gone_at IS NOT NULL")
    op.create_index("ix_shop_products_gone", "shop_products", ["shop", "sku"], schema=SCHEMA, postgresql_where=is_gone)


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_shop_products_gone", table_name="shop_products", schema=SCHEMA)
    op.drop_column("shop_products", "gone_at", schema=SCHEMA)
