"""What waits to be told to channels is counted, as it comes, by an index of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0066_waiting_publications"
down_revision = "0065_acts_of_parts"
branch_labels = None
depends_on = None

SCHEMA = "trueup"
NAME = "ix_publications_waiting"


def upgrade() -> None:
    """Create it."""
    waits = sa.text("changed_since IS NOT NULL")
    op.create_index(NAME, "publications", ["changed_since"], unique=False, schema=SCHEMA, postgresql_where=waits)


def downgrade() -> None:
    """Drop it."""
    op.drop_index(NAME, table_name="publications", schema=SCHEMA)
