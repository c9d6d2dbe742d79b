"""Which papers the pack of a dispute has, and was submitted with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0070_papers_of_packs"
down_revision = "0069_mendings"
branch_labels = None
depends_on = None

_THERE = """coalesce((SELECT array_agg(p.id ORDER BY p.id) FROM trueup.claim_papers p
    LEFT JOIN trueup.claim_papers_taken_back t ON t.paper_id = p.id
    WHERE p.claim_id = d.claim_id AND p.added_at <= {at} AND (t.at IS NULL OR t.at > {at})), '{{}}')"""

# What had been given back when a pack was made: what is known of its attempt; else what was taken less what was held then.
_GIVEN = """UPDATE trueup.staged_disputes s SET given_minor = coalesce((SELECT d.given_minor FROM trueup.disputes d
    WHERE d.claim_id = s.claim_id AND d.number = s.number),
    (SELECT greatest(0, least(c.given_minor, c.taken_minor - c.lost_minor - s.open_minor)) FROM trueup.claims c
    WHERE c.id = s.claim_id))"""


def upgrade() -> None:
    """A pack has what there was when it was made; an attempt without one, what there was when it was noted."""
    for table in ("staged_disputes", "disputes"):
        op.add_column(
            table,
            sa.Column("papers", ARRAY(sa.BigInteger), nullable=False, server_default=sa.text("'{}'")),
            schema="trueup",
        )
    op.add_column(
        "staged_disputes",
        sa.Column("exhibits", sa.Text, nullable=False, server_default=sa.text("''")),
        schema="trueup",
    )
    op.add_column(
        "staged_disputes", sa.Column("given_minor", sa.BigInteger, nullable=False, server_default="0"), schema="trueup"
    )
    op.execute(_GIVEN)
    op.execute(f"UPDATE trueup.staged_disputes d SET papers = {_THERE.format(at='d.staged_at')}")
    op.execute(
        "UPDATE trueup.disputes d SET papers = coalesce((SELECT s.papers FROM trueup.staged_disputes s"
        f" WHERE s.claim_id = d.claim_id AND s.number = d.number), {_THERE.format(at='d.noted_at')})"
    )


def downgrade() -> None:
    """Drop what packs and attempts say of their papers."""
    for column in ("given_minor", "exhibits"):
        op.drop_column("staged_disputes", column, schema="trueup")
    for table in ("disputes", "staged_disputes"):
        op.drop_column(table, "papers", schema="trueup")
