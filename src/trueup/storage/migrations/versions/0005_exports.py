"""Exports of the journal: which entries each target was given, in which files, and whether those came to be in place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005_exports"
down_revision = "0004_books"
branch_labels = None
depends_on = None

SCHEMA = "trueup"

_APPEND_ONLY = """
CREATE TRIGGER exports_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.exports
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
CREATE TRIGGER exported_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.exported_entries
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
CREATE TRIGGER placed_exports_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.placed_exports
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
"""


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "exports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("ledger", JSONB, nullable=False),
        sa.Column("files", JSONB, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("exported_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("entries > 0", name=op.f("ck_exports_of_something")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
        schema=SCHEMA,
    )
    op.create_index("ix_exports_target", "exports", ["target", "id"], unique=False, schema=SCHEMA)
    op.create_table(
        "exported_entries",
        sa.Column("export_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("export_id", "entry_id", name=op.f("pk_exported_entries")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_exported_entries_given", "exported_entries", ["target", "entry_id"], unique=False, schema=SCHEMA
    )
    op.create_index(
        "uq_exported_entries_once",
        "exported_entries",
        ["target", "entry_id"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("NOT again"),
    )
    op.create_table(
        "placed_exports",
        sa.Column("export_id", sa.BigInteger(), nullable=False),
        sa.Column("placed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["trueup.exports.id"], name=op.f("fk_placed_exports_export_id_exports")),
        sa.PrimaryKeyConstraint("export_id", name=op.f("pk_placed_exports")),
        schema=SCHEMA,
    )
    op.execute(_APPEND_ONLY)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("placed_exports", schema=SCHEMA)
    op.drop_table("exported_entries", schema=SCHEMA)
    op.drop_table("exports", schema=SCHEMA)
