"""Lines of the journal by the rule that posted them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034_lines_by_rule"
down_revision = "0033_stock_exports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What a rule of finance's has posted is found without reading what all others have."""
    op.create_index(
        "ix_journal_lines_rule",
        "journal_lines",
        ["rule"],
        schema="trueup",
        postgresql_where=sa.text("left(rule, 5) = 'rule-'"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_journal_lines_rule", table_name="journal_lines", schema="trueup")
