"""What people decided that a channel is never shown: versions with their time, over what trueup.toml says."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043_buffer_changes"
down_revision = "0042_undone_matches"
branch_labels = None
depends_on = None

SCHEMA = "trueup"
_APPEND_ONLY = """
CREATE TRIGGER buffer_changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.buffer_changes
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
"""


def upgrade() -> None:
    """Create it; versions are only ever added."""
    op.create_table(
        "buffer_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("eaches", sa.BigInteger(), nullable=True),
        sa.Column("percent", sa.Numeric(), nullable=True),
        sa.Column("risk_percent", sa.Numeric(), nullable=True),
        sa.Column("effective_from", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("undoes", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buffer_changes")),
        sa.ForeignKeyConstraint(
            ["undoes"], ["trueup.buffer_changes.id"], name=op.f("fk_buffer_changes_undoes_buffer_changes")
        ),
        sa.CheckConstraint(
            "approved_by IS NULL OR lower(approved_by) <> lower(decided_by)",
            name=op.f("ck_buffer_changes_two_persons"),
        ),
        sa.CheckConstraint(
            "(eaches IS NULL) = (percent IS NULL) AND (risk_percent IS NULL OR eaches IS NOT NULL)",
            name=op.f("ck_buffer_changes_rule_whole"),
        ),
        sa.CheckConstraint("eaches >= 0 AND percent BETWEEN 0 AND 100", name=op.f("ck_buffer_changes_rule_possible")),
        schema=SCHEMA,
    )
    scope = ["channel", "location", "sku", "effective_from", "id"]
    op.create_index("ix_buffer_changes_scope", "buffer_changes", scope, schema=SCHEMA)
    op.create_index("ix_buffer_changes_sku", "buffer_changes", ["sku", "id"], schema=SCHEMA)
    op.execute(_APPEND_ONLY)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("buffer_changes", schema=SCHEMA)
