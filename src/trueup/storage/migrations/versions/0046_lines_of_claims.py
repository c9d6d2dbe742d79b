"""The lines of a claim are found by its name: a payment's page tells the story of each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046_lines_of_claims"
down_revision = "0045_proofs_by_tracking"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Index them; most lines are of no claim."""
    op.create_index(
        "ix_journal_lines_claim", "journal_lines", ["claim"], postgresql_where=sa.text("claim <> ''"), schema=SCHEMA
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_journal_lines_claim", "journal_lines", schema=SCHEMA)
