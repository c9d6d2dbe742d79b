"""Suspense knows how much waits in each case, so that a line more is a row more, and not a sum of all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030_suspense_groups"
down_revision = "0029_vendor_returns"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Create the sums, from what waits now; and have the first lines of a case found without the others."""
    op.create_table(
        "suspense_groups",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name=op.f("pk_suspense_groups")),
        schema=SCHEMA,
    )
    op.execute(
        "INSERT INTO trueup.suspense_groups (kind, subject, currency, lines, minor)"
        " SELECT kind, subject, min(currency), count(*), sum(minor) FROM trueup.suspense GROUP BY kind, subject"
    )
    op.drop_index("ix_suspense_case", table_name="suspense", schema=SCHEMA)
    op.create_index("ix_suspense_case", "suspense", ["kind", "subject", "reference"], unique=False, schema=SCHEMA)


def downgrade() -> None:
    """Sum them up anew each time."""
    op.drop_index("ix_suspense_case", table_name="suspense", schema=SCHEMA)
    op.create_index("ix_suspense_case", "suspense", ["kind", "subject"], unique=False, schema=SCHEMA)
    op.drop_table("suspense_groups", schema=SCHEMA)
