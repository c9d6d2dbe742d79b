"""What each entry of the journal sums up to: balances, closes and trends read these rows instead of every line."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041_journal_sums"
down_revision = "0040_sign_offs"
branch_labels = None
depends_on = None

SCHEMA = "trueup"
_SUM = """
INSERT INTO trueup.journal_sums (entry_id, account, currency, type, taken_back, debit, partner, payee, minor, lines)
SELECT l.entry_id, l.account, l.currency, l.type, l.rule = 'taken back', l.minor > 0, coalesce(i.partner, ''),
    coalesce(i.payee, ''), sum(l.minor), count(*)
FROM {lines} AS l LEFT JOIN trueup.invoices AS i ON i.id = l.invoice_id GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""
# An entry's lines arrive in one statement and never change, and neither does whose invoice it is: nor do their sums.
_KEPT = f"""
CREATE FUNCTION trueup.sum_journal_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {_SUM.format(lines="fresh")};
    RETURN NULL;
END $$;
CREATE TRIGGER journal_lines_sums AFTER INSERT ON trueup.journal_lines
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION trueup.sum_journal_lines();
CREATE TRIGGER journal_sums_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.journal_sums
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
"""


def upgrade() -> None:
    """Create them, and sum up what was posted before."""
    op.create_table(
        "journal_sums",
        sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("taken_back", sa.Boolean(), nullable=False),
        sa.Column("debit", sa.Boolean(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("payee", sa.Text(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "entry_id",
            "account",
            "currency",
            "type",
            "taken_back",
            "debit",
            "partner",
            "payee",
            name=op.f("pk_journal_sums"),
        ),
        schema=SCHEMA,
    )
    op.execute(_SUM.format(lines="trueup.journal_lines"))
    op.execute(_KEPT)


def downgrade() -> None:
    """Drop them; the lines are what they were."""
    op.execute("DROP TRIGGER journal_lines_sums ON trueup.journal_lines")
    op.drop_table("journal_sums", schema=SCHEMA)
    op.execute("DROP FUNCTION trueup.sum_journal_lines()")
