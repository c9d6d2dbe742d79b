"""Cases know their cause, whether they got worse since somebody looked, what they came back from, and what stands for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044_causes_of_cases"
down_revision = "0043_buffer_changes"
branch_labels = None
depends_on = None

SCHEMA = "trueup"
_SUMMED = ["id", "owner", "risk_minor", "risk_currency", "deadline", "opened_at", "order_id"]
_COURSE = ["cause", "things", "taken_up_at", "escalated_at", "came_back_from", "merged_into"]
_COLUMNS = (
    "cause",
    "things",
    "known_minor",
    "known_things",
    "taken_up_at",
    "escalated_at",
    "came_back_from",
    "merged_into",
)
_KNOWN = """
UPDATE trueup.cases c SET cause = split_part(subject, ' ', 1), known_minor = risk_minor,
    taken_up_at = greatest((SELECT at FROM trueup.case_assignments a WHERE a.case_id = c.id),
        (SELECT at FROM trueup.case_snoozes s WHERE s.case_id = c.id)),
    came_back_from = (SELECT max(e.id) FROM trueup.cases e
        WHERE e.kind = c.kind AND e.subject = c.subject AND e.state = 'resolved' AND e.id < c.id)
"""


def upgrade() -> None:
    """Add them. A case that is open says its cause when it is next brought up to date, and its first word until then."""
    zero, one = sa.text("''"), sa.text("1")
    op.add_column("cases", sa.Column("cause", sa.Text(), nullable=False, server_default=zero), schema=SCHEMA)
    op.add_column("cases", sa.Column("things", sa.Integer(), nullable=False, server_default=one), schema=SCHEMA)
    op.add_column("cases", sa.Column("known_minor", sa.BigInteger(), nullable=True), schema=SCHEMA)
    op.add_column("cases", sa.Column("known_things", sa.Integer(), nullable=False, server_default=one), schema=SCHEMA)
    for name in ("taken_up_at", "escalated_at"):
        op.add_column("cases", sa.Column(name, sa.TIMESTAMP(timezone=True), nullable=True), schema=SCHEMA)
    op.add_column("cases", sa.Column("came_back_from", sa.BigInteger(), nullable=True), schema=SCHEMA)
    into = sa.ForeignKey("trueup.cases.id", name=op.f("fk_cases_merged_into_cases"))
    op.add_column("cases", sa.Column("merged_into", sa.BigInteger(), into, nullable=True), schema=SCHEMA)
    op.execute(_KNOWN)
    for name in ("cause", "things", "known_things"):
        op.alter_column("cases", name, server_default=None, schema=SCHEMA)
    op.create_check_constraint(op.f("ck_cases_merged_into_another"), "cases", "merged_into <> id", schema=SCHEMA)
    op.create_index(
        "ix_cases_merged_into",
        "cases",
        ["merged_into"],
        schema=SCHEMA,
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )
    _index_open([*_SUMMED, *_COURSE])
    op.create_table(
        "case_presence",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("wrote_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_case_presence")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["trueup.cases.id"], name=op.f("fk_case_presence_case_id_cases"), ondelete="CASCADE"
        ),
        schema=SCHEMA,
    )
    op.create_index("ix_case_presence_case", "case_presence", ["case_id"], schema=SCHEMA)


def downgrade() -> None:
    """What was merged stands for itself again."""
    op.drop_table("case_presence", schema=SCHEMA)
    _index_open(_SUMMED)
    op.drop_index("ix_cases_merged_into", table_name="cases", schema=SCHEMA)
    for name in _COLUMNS:
        op.drop_column("cases", name, schema=SCHEMA)


def _index_open(included: list[str]) -> None:
    op.drop_index("ix_cases_open", table_name="cases", schema=SCHEMA)
    is_open = sa.text("state = 'open'")
    op.create_index(
        "ix_cases_open", "cases", ["kind"], schema=SCHEMA, postgresql_include=included, postgresql_where=is_open
    )
