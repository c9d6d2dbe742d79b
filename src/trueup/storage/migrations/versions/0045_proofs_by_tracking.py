"""Proofs of delivery are found by the carrier's number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045_proofs_by_tracking"
down_revision = "0044_causes_of_cases"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """One entry for each proof that names a parcel."""
    named = sa.text("tracking <> ''")
    op.create_index("ix_proofs_tracking", "proofs", ["tracking"], schema=SCHEMA, postgresql_where=named)


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_proofs_tracking", "proofs", schema=SCHEMA)
