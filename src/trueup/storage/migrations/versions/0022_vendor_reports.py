"""Amazon's reports on a vendor's products: what was asked for, and every figure with when it was said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022_vendor_reports"
down_revision = "0021_jobs"
branch_labels = None
depends_on = None

SCHEMA = "trueup"


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "vendor_reports",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("source", "question", "edition")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "view", "program")),
        sa.Column("begins", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ends", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("planned_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("moved_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("run", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("others", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("products", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_reports")),
        sa.UniqueConstraint("source", "question", "edition", name=op.f("uq_vendor_reports_source_question_edition")),
        schema=SCHEMA,
    )
    op.create_index("ix_vendor_reports_state", "vendor_reports", ["source", "state"], schema=SCHEMA)
    key = ("source", "kind", "view", "program", "asin", "begins", "said_at", "said_in")
    times = ("begins", "said_at")
    op.create_table(
        "vendor_figures",
        *(sa.Column(name, sa.TIMESTAMP(timezone=True) if name in times else sa.Text(), nullable=False) for name in key),
        sa.Column("confirmed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("confirmed_in", sa.Text(), nullable=False),
        sa.Column("ends", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("numbers", postgresql.JSONB(), nullable=False),
        sa.Column("others", postgresql.JSONB(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("meaning", sa.Text(), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("learned_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_vendor_figures")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_vendor_figures_holding",
        "vendor_figures",
        ["source", "kind", "begins", "asin"],
        schema=SCHEMA,
        postgresql_where=sa.text("holds"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("vendor_figures", schema=SCHEMA)
    op.drop_table("vendor_reports", schema=SCHEMA)
