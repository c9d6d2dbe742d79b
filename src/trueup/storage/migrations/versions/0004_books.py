"""The books: invoices, remittances and their lines, claims, suspense, and a journal that only grows and always balances."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0004_books"
down_revision = "0003_orders"
branch_labels = None
depends_on = None

SCHEMA = "trueup"

# Checked once a statement, not once a row: a million lines arrive by COPY. An entry's lines arrive in one statement.
_JOURNAL = """
CREATE FUNCTION trueup.check_journal_lines() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong record;
BEGIN
    SELECT entry_id, currency, sum(minor) AS minor INTO wrong
        FROM fresh GROUP BY entry_id, currency HAVING sum(minor) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % does not balance: debits less credits are % minor units of %',
            wrong.entry_id, wrong.minor, wrong.currency USING ERRCODE = 'check_violation';
    END IF;
    SELECT f.entry_id INTO wrong FROM (SELECT DISTINCT entry_id FROM fresh) AS f
        LEFT JOIN trueup.journal_entries AS e ON e.id = f.entry_id
        WHERE e.id IS NULL OR e.xmin::text <> pg_current_xact_id()::xid::text LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'lines for entry %, which was not made in this transaction: entries are whole when they are posted',
            wrong.entry_id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER journal_lines_balance AFTER INSERT ON trueup.journal_lines
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION trueup.check_journal_lines();
CREATE FUNCTION trueup.check_open_months() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong record;
BEGIN
    SELECT f.key, c.month INTO wrong FROM fresh AS f
        JOIN trueup.closed_months AS c ON c.month >= date_trunc('month', f.day::timestamp)::date LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % is dated in the closed month %', wrong.key, to_char(wrong.month, 'YYYY-MM')
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER journal_entries_open_month AFTER INSERT ON trueup.journal_entries
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION trueup.check_open_months();
CREATE TRIGGER journal_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.journal_entries
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
CREATE TRIGGER journal_lines_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.journal_lines
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
CREATE TRIGGER closed_months_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.closed_months
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
"""


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "claims",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("claim", sa.Text(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("taken_minor", sa.BigInteger(), nullable=False),
        sa.Column("given_minor", sa.BigInteger(), nullable=False),
        sa.Column("lost_minor", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_claims_open",
        "claims",
        ["partner", "first_on"],
        unique=False,
        schema=SCHEMA,
        postgresql_where=sa.text("taken_minor <> given_minor + lost_minor"),
    )
    op.create_index("uq_claims_chain", "claims", ["partner", "claim", "currency"], unique=True, schema=SCHEMA)
    op.create_table(
        "closed_months",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("evidence", sa.CHAR(length=64), nullable=False),
        sa.CheckConstraint(
            "date_trunc('month', month::timestamp) = month", name=op.f("ck_closed_months_first_of_month")
        ),
        sa.CheckConstraint("lower(closed_by) <> lower(approved_by)", name=op.f("ck_closed_months_two_persons")),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_closed_months")),
        schema=SCHEMA,
    )
    op.create_table(
        "invoices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("payee", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("purchase_order", sa.Text(), nullable=False),
        sa.Column("credits", sa.Text(), nullable=False),
        sa.Column("lines", JSONB, nullable=False),
        sa.Column("evidence", sa.CHAR(length=64), nullable=False),
        sa.Column("taken_in_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        schema=SCHEMA,
    )
    op.create_index("ix_invoices_issued", "invoices", ["issued_on", "id"], unique=False, schema=SCHEMA)
    op.create_index(
        "ix_invoices_order",
        "invoices",
        ["partner", "purchase_order"],
        unique=False,
        schema=SCHEMA,
        postgresql_where=sa.text("purchase_order <> ''"),
    )
    op.create_index("uq_invoices_reference", "invoices", ["partner", "reference"], unique=True, schema=SCHEMA)
    op.create_table(
        "open_invoices",
        sa.Column("invoice_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("invoice_id", name=op.f("pk_open_invoices")),
        schema=SCHEMA,
    )
    op.create_index("ix_open_invoices_partner", "open_invoices", ["partner", "currency"], unique=False, schema=SCHEMA)
    op.create_table(
        "journal_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("narration", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("remittance_id", sa.BigInteger(), nullable=True),
        sa.Column("evidence", sa.CHAR(length=64), nullable=False),
        sa.Column("reverses", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("posted_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entries")),
        schema=SCHEMA,
    )
    op.create_index("ix_journal_entries_day", "journal_entries", ["day", "id"], unique=False, schema=SCHEMA)
    op.create_index("ix_journal_entries_remittance", "journal_entries", ["remittance_id"], unique=False, schema=SCHEMA)
    op.create_index("uq_journal_entries_key", "journal_entries", ["key"], unique=True, schema=SCHEMA)
    op.create_table(
        "journal_lines",
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("source_line", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("claim", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("case_key", sa.Text(), nullable=False),
        sa.CheckConstraint("minor <> 0", name=op.f("ck_journal_lines_of_something")),
        sa.PrimaryKeyConstraint("entry_id", "number", name=op.f("pk_journal_lines")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_journal_lines_invoice",
        "journal_lines",
        ["invoice_id"],
        unique=False,
        schema=SCHEMA,
        postgresql_where=sa.text("invoice_id IS NOT NULL"),
    )
    op.create_table(
        "remittance_lines",
        sa.Column("remittance_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("withheld", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=True),
        sa.Column("remaining", sa.BigInteger(), nullable=True),
        sa.Column("invoice_day", sa.Date(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("more", JSONB, nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("evidence", sa.CHAR(length=64), nullable=True),
        sa.PrimaryKeyConstraint("remittance_id", "source", "number", name=op.f("pk_remittance_lines")),
        schema=SCHEMA,
    )
    op.create_table(
        "remittances",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("payment", sa.Text(), nullable=False),
        sa.Column("payee", sa.Text(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("invoice_currency", sa.CHAR(length=3), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("tie_minor", sa.BigInteger(), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("unique_id", sa.Text(), nullable=False),
        sa.Column("evidence", sa.CHAR(length=64), nullable=False),
        sa.Column("posting", sa.Text(), nullable=False),
        sa.Column("post_on", sa.Date(), nullable=True),
        sa.Column("taken_in_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remittances")),
        schema=SCHEMA,
    )
    op.create_index("ix_remittances_paid_on", "remittances", ["paid_on", "id"], unique=False, schema=SCHEMA)
    op.create_index("uq_remittances_payment", "remittances", ["partner", "payment"], unique=True, schema=SCHEMA)
    op.create_table(
        "line_answers",
        sa.Column("remittance_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", JSONB, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('decision', 'match', 'contest')", name=op.f("ck_line_answers_kind")),
        sa.ForeignKeyConstraint(
            ["remittance_id"], ["trueup.remittances.id"], name=op.f("fk_line_answers_remittance_id_remittances")
        ),
        sa.PrimaryKeyConstraint("remittance_id", "source", "line", name=op.f("pk_line_answers")),
        schema=SCHEMA,
    )
    op.create_table(
        "remittance_tellings",
        sa.Column("remittance_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("header", JSONB, nullable=False),
        sa.Column("evidence", sa.CHAR(length=64), nullable=False),
        sa.Column("arrived_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["remittance_id"], ["trueup.remittances.id"], name=op.f("fk_remittance_tellings_remittance_id_remittances")
        ),
        sa.PrimaryKeyConstraint("remittance_id", "source", name=op.f("pk_remittance_tellings")),
        schema=SCHEMA,
    )
    op.create_table(
        "suspense",
        sa.Column("remittance_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("stems", ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["remittance_id"], ["trueup.remittances.id"], name=op.f("fk_suspense_remittance_id_remittances")
        ),
        sa.PrimaryKeyConstraint("remittance_id", "line", name=op.f("pk_suspense")),
        schema=SCHEMA,
    )
    op.create_index("ix_suspense_case", "suspense", ["kind", "subject"], unique=False, schema=SCHEMA)
    op.create_index("ix_suspense_stems", "suspense", ["stems"], unique=False, schema=SCHEMA, postgresql_using="gin")
    op.execute(_JOURNAL)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("suspense", schema=SCHEMA)
    op.drop_table("remittance_tellings", schema=SCHEMA)
    op.drop_table("line_answers", schema=SCHEMA)
    op.drop_table("remittances", schema=SCHEMA)
    op.drop_table("remittance_lines", schema=SCHEMA)
    op.drop_table("journal_lines", schema=SCHEMA)
    op.drop_table("journal_entries", schema=SCHEMA)
    op.drop_table("open_invoices", schema=SCHEMA)
    op.drop_table("invoices", schema=SCHEMA)
    op.drop_table("closed_months", schema=SCHEMA)
    op.drop_table("claims", schema=SCHEMA)
    op.execute("DROP FUNCTION trueup.check_journal_lines(); DROP FUNCTION trueup.check_open_months()")
