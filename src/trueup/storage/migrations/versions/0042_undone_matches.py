"""Matches can be undone: what a line was posted as stays, with who said so and who took it apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0042_undone_matches"
down_revision = "0041_journal_sums"
branch_labels = None
depends_on = None

SCHEMA = "trueup"
_BY = """
UPDATE trueup.line_answers SET answered_by = CASE
    WHEN kind = 'decision' THEN coalesce(body ->> 'by', 'trueup')
    ELSE coalesce(nullif(split_part(body -> 0 ->> 'rule', ', chosen by ', 2), ''), 'trueup') END
WHERE kind = 'decision' OR (kind = 'match' AND body -> 0 ->> 'rule' LIKE '%, chosen by %');
"""
_APPEND_ONLY = """
CREATE TRIGGER undone_matches_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.undone_matches
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
"""


def upgrade() -> None:
    """Who answered, and what was matched as one; what was undone is only ever added to."""
    op.add_column(
        "line_answers", sa.Column("answered_by", sa.Text(), server_default="trueup", nullable=False), schema=SCHEMA
    )
    op.add_column("line_answers", sa.Column("together", sa.Text(), server_default="", nullable=False), schema=SCHEMA)
    op.execute(_BY)
    op.create_index(
        "ix_line_answers_together",
        "line_answers",
        ["together"],
        postgresql_where=sa.text("together <> ''"),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_line_answers_at",
        "line_answers",
        ["answered_at", "remittance_id", "line"],
        postgresql_where=sa.text("kind IN ('match', 'decision')"),
        schema=SCHEMA,
    )
    op.drop_constraint(op.f("ck_line_answers_kind"), "line_answers", schema=SCHEMA)
    op.create_check_constraint(
        op.f("ck_line_answers_kind"),
        "line_answers",
        "kind IN ('decision', 'match', 'contest', 'undone')",
        schema=SCHEMA,
    )
    op.create_table(
        "undone_matches",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("remittance_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("placements", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("chosen_by", sa.Text(), nullable=False),
        sa.Column("chosen_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("undone_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('decision', 'match', 'grammar')", name=op.f("ck_undone_matches_kind")),
        sa.CheckConstraint(
            "approved_by IS NULL OR lower(approved_by) <> lower(undone_by)", name=op.f("ck_undone_matches_two_persons")
        ),
        sa.ForeignKeyConstraint(
            ["remittance_id"], ["trueup.remittances.id"], name=op.f("fk_undone_matches_remittance_id_remittances")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undone_matches")),
        schema=SCHEMA,
    )
    op.create_index("ix_undone_matches_line", "undone_matches", ["remittance_id", "line", "id"], schema=SCHEMA)
    op.create_index("ix_undone_matches_at", "undone_matches", ["undone_at", "id"], schema=SCHEMA)
    op.execute(_APPEND_ONLY)


def downgrade() -> None:
    """Drop them; lines that were undone are read by the machine again."""
    op.drop_table("undone_matches", schema=SCHEMA)
    op.execute("DELETE FROM trueup.line_answers WHERE kind = 'undone'")
    op.drop_constraint(op.f("ck_line_answers_kind"), "line_answers", schema=SCHEMA)
    op.create_check_constraint(
        op.f("ck_line_answers_kind"), "line_answers", "kind IN ('decision', 'match', 'contest')", schema=SCHEMA
    )
    for index in ("ix_line_answers_together", "ix_line_answers_at"):
        op.drop_index(index, "line_answers", schema=SCHEMA)
    for column in ("together", "answered_by"):
        op.drop_column("line_answers", column, schema=SCHEMA)
