"""Acts on a thing and on its parts are found by one index: by its name, and by what begins with it, whatever the collation."""

from __future__ import annotations

from alembic import op

revision = "0065_acts_of_parts"
down_revision = "0064_waiting_proposals"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Make it anew."""
    _make({"subject": "text_pattern_ops"})


def downgrade() -> None:
    """Make it as it was."""
    _make({})


def _make(operators: dict[str, str]) -> None:
    op.drop_index("ix_acts_subject", table_name="acts", schema=SCHEMA)
    op.create_index("ix_acts_subject", "acts", ["subject", "id"], schema=SCHEMA, postgresql_ops=operators)
