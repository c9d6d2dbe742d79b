"""Rules that finance adds for lines of remittances, and dated terms as they were known when."""

from __future__ import annotations

revision = "0007_rules"
down_revision = "0006_disputes"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Create them."""


def downgrade() -> None:
    """Drop them."""
