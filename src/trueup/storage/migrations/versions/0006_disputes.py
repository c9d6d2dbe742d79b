"""Disputes of claims with their outcomes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_disputes"
down_revision = "0005_exports"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "disputes",
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("submitted_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("submitted_by", sa.Text(), nullable=False),
        sa.Column("open_minor", sa.BigInteger(), nullable=False),
        sa.Column("given_minor", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("won_minor", sa.BigInteger(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("noted_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("(outcome IS NULL) = (answered_on IS NULL)", name=op.f("ck_disputes_answered_whole")),
        sa.CheckConstraint("(outcome IS NULL) = (won_minor IS NULL)", name=op.f("ck_disputes_won_whole")),
        sa.ForeignKeyConstraint(["claim_id"], ["trueup.claims.id"], name=op.f("fk_disputes_claim_id_claims")),
        sa.PrimaryKeyConstraint("claim_id", "number", name=op.f("pk_disputes")),
        schema=SCHEMA,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("disputes", schema=SCHEMA)
