"""What a step of a run counted is kept with its checkpoint."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0050_tallies"
down_revision = "0049_read_backs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; steps that were done before counted nothing."""
    op.add_column("checkpoints", sa.Column("tally", sa.Text), schema="durable")


def downgrade() -> None:
    """Drop it; no flow reads it."""
    op.drop_column("checkpoints", "tally", schema="durable")
