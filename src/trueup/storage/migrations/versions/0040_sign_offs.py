"""Sign-offs of a month's close: whose each point is, who signed it, who looked again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040_sign_offs"
down_revision = "0039_publications_by_sku"
branch_labels = None
depends_on = None

SCHEMA = "trueup"
_APPEND_ONLY = """
CREATE TRIGGER sign_offs_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.sign_offs
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
CREATE TRIGGER sign_off_reviews_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.sign_off_reviews
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
"""


def upgrade() -> None:
    """Create them; signatures and reviews are only ever added."""
    op.create_table(
        "close_tasks",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("point", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("month", "point", name=op.f("pk_close_tasks")),
        schema=SCHEMA,
    )
    op.create_table(
        "sign_offs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("point", sa.Text(), nullable=False),
        sa.Column("figures", sa.CHAR(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_offs")),
        sa.UniqueConstraint("id", "signed_by", name=op.f("uq_sign_offs_id_signed_by")),
        schema=SCHEMA,
    )
    op.create_index("ix_sign_offs_month", "sign_offs", ["month", "point", "id"], schema=SCHEMA)
    op.create_table(
        "sign_off_reviews",
        sa.Column("sign_off", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=False),
        sa.Column("reviewed_by", sa.Text(), nullable=False),
        sa.Column("reviewed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sign_off", name=op.f("pk_sign_off_reviews")),
        sa.ForeignKeyConstraint(
            ["sign_off", "signed_by"],
            ["trueup.sign_offs.id", "trueup.sign_offs.signed_by"],
            name=op.f("fk_sign_off_reviews_sign_off_sign_offs"),
        ),
        sa.CheckConstraint("lower(reviewed_by) <> lower(signed_by)", name=op.f("ck_sign_off_reviews_two_persons")),
        schema=SCHEMA,
    )
    op.execute(_APPEND_ONLY)


def downgrade() -> None:
    """Drop them."""
    for table in ("sign_off_reviews", "sign_offs", "close_tasks"):
        op.drop_table(table, schema=SCHEMA)
