"""Disputes of claims with their outcomes, and closed months with their packs."""

from __future__ import annotations

revision = "0006_disputes"
down_revision = "0005_exports"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Create them."""


def downgrade() -> None:
    """Drop them."""
