"""What is asked of runs by the transaction that records it, and is done once that has committed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0069_mendings"
down_revision = "0068_lines_of_rules"
branch_labels = None
depends_on = None

SCHEMA = "durable"


def upgrade() -> None:
    """Create it."""
    op.create_table(
        "mendings",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("since", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("run_id"),
        sa.CheckConstraint("how IN ('go-on', 'stop')", name="mendings_how"),
        schema=SCHEMA,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("mendings", schema=SCHEMA)
