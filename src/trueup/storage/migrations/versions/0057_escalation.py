"""Cases that nobody took go to whom was agreed: the rules in versions, and to whom and why a case went."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0057_escalation"
down_revision = "0056_agreement_versions"
branch_labels = None
depends_on = None

SCHEMA = "trueup"
_APPEND_ONLY = """
CREATE TRIGGER escalation_versions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.escalation_versions
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
"""


def upgrade() -> None:
    """Create it; no case has gone to anybody yet."""
    op.create_table(
        "escalation_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("rules", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("undoes", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_versions")),
        sa.ForeignKeyConstraint(
            ["undoes"],
            ["trueup.escalation_versions.id"],
            name=op.f("fk_escalation_versions_undoes_escalation_versions"),
        ),
        schema=SCHEMA,
    )
    op.execute(_APPEND_ONLY)
    for name in ("escalated_to", "escalated_why"):
        op.add_column("cases", sa.Column(name, sa.Text(), nullable=False, server_default=""), schema=SCHEMA)
    op.create_index(
        "ix_cases_escalated_to",
        "cases",
        ["escalated_to"],
        schema=SCHEMA,
        postgresql_where=sa.text("escalated_to <> '' AND state = 'open'"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_cases_escalated_to", table_name="cases", schema=SCHEMA)
    for name in ("escalated_why", "escalated_to"):
        op.drop_column("cases", name, schema=SCHEMA)
    op.drop_table("escalation_versions", schema=SCHEMA)
