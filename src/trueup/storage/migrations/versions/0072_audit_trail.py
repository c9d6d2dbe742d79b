"""The audit trail is read by day, by kind, and of people alone, a page as fast as any other however long it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0072_audit_trail"
down_revision = "0071_errors_to_forget"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Index them."""
    op.create_index("ix_acts_at", "acts", ["at", "id"], schema=SCHEMA)
    op.create_index("ix_acts_kinds", "acts", ["act", "at", "id"], schema=SCHEMA)
    people = sa.text("actor <> 'trueup'")
    op.create_index("ix_acts_by_people", "acts", ["at", "id"], schema=SCHEMA, postgresql_where=people)


def downgrade() -> None:
    """Drop them."""
    for name in ("ix_acts_by_people", "ix_acts_kinds", "ix_acts_at"):
        op.drop_index(name, table_name="acts", schema=SCHEMA)
