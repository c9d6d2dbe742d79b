"""How each invariant stood when it was last proven."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017_lights"
down_revision = "0016_open_orders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "lights",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("proven_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("since", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("looked", sa.BigInteger(), nullable=False),
        sa.Column("broken", sa.BigInteger(), nullable=False),
        sa.Column("sums", JSONB, nullable=False),
        sa.Column("rows", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lights")),
        schema="trueup",
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("lights", schema="trueup")
