"""Papers that people add to claims: proofs of delivery, bills of lading, packing lists, as files; and which were taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0063_claim_papers"
down_revision = "0062_term_versions"
branch_labels = None
depends_on = None

SCHEMA = "trueup"
_APPEND_ONLY = """
CREATE TRIGGER claim_papers_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.claim_papers
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
CREATE TRIGGER claim_papers_taken_back_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.claim_papers_taken_back
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
"""


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "claim_papers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media", sa.Text(), nullable=False),
        sa.Column("digest", sa.CHAR(length=64), nullable=False),
        sa.Column("purchase_order", sa.Text(), nullable=False),
        sa.Column("invoice", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["trueup.claims.id"], name=op.f("fk_claim_papers_claim_id_claims")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_papers")),
        schema=SCHEMA,
    )
    op.create_index("ix_claim_papers_claim", "claim_papers", ["claim_id", "id"], unique=False, schema=SCHEMA)
    op.create_table(
        "claim_papers_taken_back",
        sa.Column("paper_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["trueup.claim_papers.id"], name=op.f("fk_claim_papers_taken_back_paper_id_claim_papers")
        ),
        sa.PrimaryKeyConstraint("paper_id", name=op.f("pk_claim_papers_taken_back")),
        schema=SCHEMA,
    )
    op.execute(_APPEND_ONLY)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("claim_papers_taken_back", schema=SCHEMA)
    op.drop_table("claim_papers", schema=SCHEMA)
