"""What two people decided that is agreed with a vendor code: versions with their day, over what trueup.toml says."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0056_agreement_versions"
down_revision = "0055_urgency_of_cases"
branch_labels = None
depends_on = None

SCHEMA = "trueup"
_APPEND_ONLY = """
CREATE TRIGGER agreement_versions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.agreement_versions
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
"""


def upgrade() -> None:
    """Create it; versions are only ever added, each by two people."""
    op.create_table(
        "agreement_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("vendor_code", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("terms", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("approved_because", sa.Text(), nullable=False),
        sa.Column("undoes", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_versions")),
        sa.ForeignKeyConstraint(
            ["undoes"], ["trueup.agreement_versions.id"], name=op.f("fk_agreement_versions_undoes_agreement_versions")
        ),
        sa.CheckConstraint("lower(approved_by) <> lower(proposed_by)", name=op.f("ck_agreement_versions_two_persons")),
        sa.CheckConstraint("reason <> '' AND approved_because <> ''", name=op.f("ck_agreement_versions_reasons_given")),
        sa.CheckConstraint(
            "effective_from > (approved_at AT TIME ZONE 'UTC')::date",
            name=op.f("ck_agreement_versions_begins_after_its_approval"),
        ),
        schema=SCHEMA,
    )
    scope = ["partner", "vendor_code", "effective_from", "id"]
    op.create_index("ix_agreement_versions_scope", "agreement_versions", scope, schema=SCHEMA)
    op.execute(_APPEND_ONLY)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("agreement_versions", schema=SCHEMA)
