"""The lines that a rule posted are paged by an index, and owners of open cases are told from one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0068_lines_of_rules"
down_revision = "0067_ranks_of_claims"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Create them."""
    op.create_index(
        "ix_journal_lines_of_rule",
        "journal_lines",
        [sa.text("split_part(rule, ' '::text, 1)"), "entry_id", "number"],
        schema=SCHEMA,
        postgresql_where=sa.text("left(rule, 5) = 'rule-'"),
    )
    stands = sa.text("state = 'open' AND merged_into IS NULL")
    op.create_index("ix_cases_owner", "cases", ["owner"], schema=SCHEMA, postgresql_where=stands)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_cases_owner", table_name="cases", schema=SCHEMA)
    op.drop_index("ix_journal_lines_of_rule", table_name="journal_lines", schema=SCHEMA)
