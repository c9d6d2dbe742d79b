"""What tests of connections found: their answers, by what each was let in, and what that grants."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0048_connection_tests"
down_revision = "0047_cases_by_escalation"
branch_labels = None
depends_on = None

SCHEMA = "trueup"
_APPEND_ONLY = """
CREATE TRIGGER connection_tests_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.connection_tests
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
"""


def upgrade() -> None:
    """Create it; tests are only ever added."""
    op.create_table(
        "connection_tests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("tested_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("tested_by", sa.Text(), nullable=False),
        sa.Column("found", postgresql.JSONB(), nullable=False),
        sa.Column("credentials", postgresql.JSONB(), nullable=False),
        sa.Column("grants", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection_tests")),
        schema=SCHEMA,
    )
    op.create_index("ix_connection_tests_newest", "connection_tests", ["connection", "id"], schema=SCHEMA)
    op.execute(_APPEND_ONLY)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("connection_tests", schema=SCHEMA)
