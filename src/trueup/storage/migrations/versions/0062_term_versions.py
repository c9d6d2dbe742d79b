"""Versions of terms: what two people decided about rates. Terms that one person entered before stay in force, without one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0062_term_versions"
down_revision = "0061_numbers_of_drift"
branch_labels = None
depends_on = None

SCHEMA = "trueup"
_APPEND_ONLY = """
CREATE TRIGGER term_versions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.term_versions
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
"""
# Rows from before are not looked at: they stay in force, and say that one person entered them.
_FROM_NOW_ON = "ALTER TABLE trueup.terms ADD CONSTRAINT ck_terms_two_persons CHECK (version IS NOT NULL) NOT VALID"
_SCOPES = (
    "UPDATE trueup.access_tokens SET scopes = (scopes - CAST(:old AS text)) || jsonb_build_array(CAST(:new AS text))"
    " WHERE jsonb_exists(scopes, CAST(:old AS text))"
)


def upgrade() -> None:
    """Create them; versions are only ever added, each by two people, and no term is entered without one."""
    op.create_table(
        "term_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("approved_because", sa.Text(), nullable=False),
        sa.Column("takes_back", sa.BigInteger(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_term_versions")),
        sa.ForeignKeyConstraint(
            ["takes_back"], ["trueup.term_versions.id"], name=op.f("fk_term_versions_takes_back_term_versions")
        ),
        sa.UniqueConstraint("takes_back", name=op.f("uq_term_versions_takes_back")),
        sa.UniqueConstraint(
            "id", "proposed_by", "approved_at", name=op.f("uq_term_versions_id_proposed_by_approved_at")
        ),
        sa.CheckConstraint("lower(approved_by) <> lower(proposed_by)", name=op.f("ck_term_versions_two_persons")),
        sa.CheckConstraint("reason <> '' AND approved_because <> ''", name=op.f("ck_term_versions_reasons_given")),
        sa.CheckConstraint("takes_back < id", name=op.f("ck_term_versions_takes_back_an_older_one")),
        schema=SCHEMA,
    )
    op.execute(_APPEND_ONLY)
    op.add_column("terms", sa.Column("version", sa.BigInteger()), schema=SCHEMA)
    op.create_foreign_key(
        op.f("fk_terms_version_entered_by_entered_at_term_versions"),
        "terms",
        "term_versions",
        ["version", "entered_by", "entered_at"],
        ["id", "proposed_by", "approved_at"],
        source_schema=SCHEMA,
        referent_schema=SCHEMA,
    )
    op.execute(_FROM_NOW_ON)
    _rename_scope("terms.enter", "terms.propose")


def downgrade() -> None:
    """Drop them."""
    _rename_scope("terms.propose", "terms.enter")
    op.drop_constraint("ck_terms_two_persons", "terms", schema=SCHEMA)
    op.drop_column("terms", "version", schema=SCHEMA)
    op.drop_table("term_versions", schema=SCHEMA)


def _rename_scope(old: str, new: str) -> None:
    """A program whose token was made to enter terms may propose them."""
    op.get_bind().execute(sa.text(_SCOPES), {"old": old, "new": new})
