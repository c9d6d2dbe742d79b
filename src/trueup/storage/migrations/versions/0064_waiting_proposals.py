"""What waits for a second person is paged by an index of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0064_waiting_proposals"
down_revision = "0063_claim_papers"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Create it."""
    waits = sa.text("approved_by IS NULL")
    op.create_index("ix_proposals_waiting", "proposals", ["id"], unique=False, schema=SCHEMA, postgresql_where=waits)


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_proposals_waiting", table_name="proposals", schema=SCHEMA)
