"""Stock at size: who counts a product is a column, and rows that every sweep confirms are changed in their place.

A sweep writes each row of `stock_levels` and `publications` once, and no indexed column of it: with half of each page free that
touches no index and leaves nothing behind for vacuum.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025_stock_at_size"
down_revision = "0024_cases_about"
branch_labels = None
depends_on = None

SCHEMA = "trueup"
_COUNTED = """CASE WHEN coalesce(declared_source, '') <> ''
     THEN CASE WHEN lower(declared_source) = 'supercycle' THEN 'items' ELSE 'declared' END
     WHEN tracked AND NOT circular THEN 'shop' ELSE 'unknown' END"""
_SWEPT = ("stock_levels", "publications")


def upgrade() -> None:
    """Add the column and its index, and leave room in pages that are written from now on."""
    op.add_column(
        "products",
        sa.Column("counted", sa.Text(), sa.Computed(_COUNTED, persisted=True), nullable=False),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_products_items", "products", ["sku"], schema=SCHEMA, postgresql_where=sa.text("counted = 'items'")
    )
    _index_changed(["channel", "changed_since", "sku"])
    for table in _SWEPT:
        op.execute(f"ALTER TABLE {SCHEMA}.{table} SET (fillfactor = 50)")


def downgrade() -> None:
    """Remove them."""
    for table in _SWEPT:
        op.execute(f"ALTER TABLE {SCHEMA}.{table} RESET (fillfactor)")
    _index_changed(["channel", "changed_since"])
    op.drop_index("ix_products_items", table_name="products", schema=SCHEMA)
    op.drop_column("products", "counted", schema=SCHEMA)


def _index_changed(columns: list[str]) -> None:
    """With the SKU: of a burst that was marked at one instant the next page is then read, and not all of it sorted."""
    op.drop_index("ix_publications_changed", table_name="publications", schema=SCHEMA)
    where = sa.text("changed_since IS NOT NULL")
    op.create_index("ix_publications_changed", "publications", columns, schema=SCHEMA, postgresql_where=where)
