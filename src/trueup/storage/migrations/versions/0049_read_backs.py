"""Exports of the journal have a life: who said that one was handed over, and what the ledger showed of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0049_read_backs"
down_revision = "0048_connection_tests"
branch_labels = None
depends_on = None

SCHEMA = "trueup"
TABLES = ("sent_exports", "read_backs")


def upgrade() -> None:
    """Create both; neither is ever changed."""
    op.create_table(
        "sent_exports",
        sa.Column("export_id", sa.BigInteger(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["trueup.exports.id"], name=op.f("fk_sent_exports_export_id_exports")),
        sa.PrimaryKeyConstraint("export_id", name=op.f("pk_sent_exports")),
        schema=SCHEMA,
    )
    op.create_table(
        "read_backs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("export_id", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("document", sa.CHAR(64), nullable=False),
        sa.Column("accounts", sa.Integer(), nullable=False),
        sa.Column("differing", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("read_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["trueup.exports.id"], name=op.f("fk_read_backs_export_id_exports")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_read_backs")),
        schema=SCHEMA,
    )
    op.create_index("ix_read_backs_export", "read_backs", ["target", "export_id", "id"], schema=SCHEMA)
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.{table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change()"
        )


def downgrade() -> None:
    """Drop them."""
    for table in TABLES:
        op.drop_table(table, schema=SCHEMA)
