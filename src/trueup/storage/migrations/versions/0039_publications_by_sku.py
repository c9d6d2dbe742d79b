"""What all channels show is paged by SKU without sorting it all."""

from __future__ import annotations

from alembic import op

revision = "0039_publications_by_sku"
down_revision = "0038_gone_products"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Add the index. None of its columns changes with what is shown, so that writes stay as cheap."""
    op.create_index("ix_publications_sku", "publications", ["sku", "location", "channel"], schema=SCHEMA)


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_publications_sku", table_name="publications", schema=SCHEMA)
