"""Cases by when they got worse: what happened since somebody was here last is asked on every Today."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047_cases_by_escalation"
down_revision = "0046_lines_of_claims"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    op.create_index(
        "ix_cases_escalated_at",
        "cases",
        ["escalated_at"],
        schema="trueup",
        postgresql_where=sa.text("escalated_at IS NOT NULL"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_cases_escalated_at", table_name="cases", schema="trueup")
