"""Which error is forgotten when a run goes on, kept with what is asked: done again, it is not the one before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0071_errors_to_forget"
down_revision = "0070_papers_of_packs"
branch_labels = None
depends_on = None

_LAST = """(SELECT c.position FROM durable.checkpoints c WHERE c.run_id = m.run_id AND c.outcome LIKE '{"error":%'
    AND NOT EXISTS (SELECT FROM durable.checkpoints later WHERE later.run_id = c.run_id AND later.position > c.position))"""


def upgrade() -> None:
    """What waits gets the error that is the last one now."""
    op.add_column("mendings", sa.Column("forget", sa.Integer, nullable=True), schema="durable")
    op.execute(f"UPDATE durable.mendings m SET forget = {_LAST} WHERE how = 'go-on'")


def downgrade() -> None:
    """Drop it."""
    op.drop_column("mendings", "forget", schema="durable")
