"""Packs that are ready for a dispute, and not submitted by that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052_staged_disputes"
down_revision = "0051_form_keys"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Which pack an attempt is made with is known before it is made, and after."""
    op.create_table(
        "staged_disputes",
        sa.Column("claim_id", sa.BigInteger, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("open_minor", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.CHAR(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("lacking", sa.Integer, nullable=False),
        sa.Column("staged_by", sa.Text, nullable=False),
        sa.Column("staged_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("claim_id", "number", name=op.f("pk_staged_disputes")),
        sa.ForeignKeyConstraint(["claim_id"], ["trueup.claims.id"], name=op.f("fk_staged_disputes_claim_id_claims")),
        schema="trueup",
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("staged_disputes", schema="trueup")
