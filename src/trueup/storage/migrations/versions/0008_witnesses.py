"""Bank statements, Amazon's own word on invoices, and proofs of shipment and delivery."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0008_witnesses"
down_revision = "0007_rules"
branch_labels = None
depends_on = None

SCHEMA = "trueup"

# Movements may be told again more fully, and ties follow what is known; statements and proofs stay what they were.
_APPEND_ONLY = """
CREATE TRIGGER bank_statements_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.bank_statements
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
CREATE TRIGGER proofs_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.proofs
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
"""


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "bank_statements",
        sa.Column("evidence", sa.CHAR(length=64), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("opening_minor", sa.BigInteger(), nullable=True),
        sa.Column("closing_minor", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("arrived_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("evidence", "account", "place", name=op.f("pk_bank_statements")),
        schema=SCHEMA,
    )
    op.create_table(
        "bank_lines",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("names", ARRAY(sa.Text()), nullable=False),
        sa.Column("bank_reference", sa.Text(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("evidence", sa.CHAR(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_lines")),
        schema=SCHEMA,
    )
    op.create_index("ix_bank_lines_booked", "bank_lines", ["booked_on", "id"], unique=False, schema=SCHEMA)
    op.create_index("uq_bank_lines_key", "bank_lines", ["key"], unique=True, schema=SCHEMA)
    op.create_table(
        "bank_ties",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("payments", ARRAY(sa.Text()), nullable=False),
        sa.Column("lines", ARRAY(sa.Text()), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("tied_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_ties")),
        schema=SCHEMA,
    )
    for column in ("lines", "payments"):
        name = f"ix_bank_ties_{column}"
        op.create_index(name, "bank_ties", [column], unique=False, schema=SCHEMA, postgresql_using="gin")
    op.create_table(
        "amazon_invoices",
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("body", JSONB, nullable=False),
        sa.Column("evidence", sa.CHAR(length=64), nullable=False),
        sa.Column("seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("partner", "identifier", name=op.f("pk_amazon_invoices")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_amazon_invoices_reference", "amazon_invoices", ["partner", "reference"], unique=False, schema=SCHEMA
    )
    op.create_table(
        "fetched_remittances",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("unique_id", sa.Text(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("listed", sa.CHAR(length=64), nullable=False),
        sa.Column("fetched_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("evidence", sa.CHAR(length=64), nullable=False),
        sa.PrimaryKeyConstraint("source", "unique_id", name=op.f("pk_fetched_remittances")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_fetched_remittances_unsettled",
        "fetched_remittances",
        ["source"],
        unique=False,
        schema=SCHEMA,
        postgresql_where=sa.text("state NOT IN ('paid', 'gone')"),
    )
    _create_proofs()
    op.execute(_APPEND_ONLY)


def _create_proofs() -> None:
    op.create_table(
        "proofs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("identity", sa.CHAR(length=64), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("purchase_order", sa.Text(), nullable=False),
        sa.Column("invoice", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("tracking", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("evidence", sa.CHAR(length=64), nullable=False),
        sa.Column("taken_in_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proofs")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_proofs_invoice",
        "proofs",
        ["partner", "reference"],
        unique=False,
        schema=SCHEMA,
        postgresql_where=sa.text("reference <> ''"),
    )
    op.create_index(
        "ix_proofs_order",
        "proofs",
        ["partner", "purchase_order"],
        unique=False,
        schema=SCHEMA,
        postgresql_where=sa.text("purchase_order <> ''"),
    )
    op.create_index("uq_proofs_identity", "proofs", ["identity"], unique=True, schema=SCHEMA)


def downgrade() -> None:
    """Drop them."""
    for table in ("proofs", "fetched_remittances", "amazon_invoices", "bank_ties", "bank_lines", "bank_statements"):
        op.drop_table(table, schema=SCHEMA)
