"""Earlier cases about the same are found without reading all that there ever were."""

from __future__ import annotations

from alembic import op

revision = "0024_cases_about"
down_revision = "0023_shown_retail"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    op.create_index("ix_cases_about", "cases", ["kind", "subject"], schema="trueup")


def downgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_cases_about", table_name="cases", schema="trueup")
