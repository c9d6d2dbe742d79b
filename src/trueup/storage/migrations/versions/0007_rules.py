"""Rules that finance adds for lines of remittances, dated terms as they were known when, and charges held against them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007_rules"
down_revision = "0006_disputes"
branch_labels = None
depends_on = None

SCHEMA = "trueup"

_APPEND_ONLY = """
CREATE TRIGGER deduction_rules_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.deduction_rules
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
CREATE TRIGGER rule_reviews_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.rule_reviews
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
CREATE TRIGGER rule_retirements_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.rule_retirements
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
CREATE TRIGGER terms_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trueup.terms
    FOR EACH STATEMENT EXECUTE FUNCTION trueup.refuse_change();
"""


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "deduction_rules",
        sa.Column("rule", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("new_type", JSONB, nullable=True),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("payee", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_deduction_rules_days_in_order")),
        sa.PrimaryKeyConstraint("rule", "version", name=op.f("pk_deduction_rules")),
        sa.UniqueConstraint("rule", "version", "proposed_by", name=op.f("uq_deduction_rules_rule_version_proposed_by")),
        schema=SCHEMA,
    )
    op.create_table(
        "rule_reviews",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("rule", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("reviewed_by", sa.Text(), nullable=False),
        sa.Column("reviewed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "NOT approved OR lower(reviewed_by) <> lower(proposed_by)", name=op.f("ck_rule_reviews_two_persons")
        ),
        sa.ForeignKeyConstraint(
            ["rule", "version", "proposed_by"],
            [
                "trueup.deduction_rules.rule",
                "trueup.deduction_rules.version",
                "trueup.deduction_rules.proposed_by",
            ],
            name=op.f("fk_rule_reviews_rule_version_proposed_by_deduction_rules"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_reviews")),
        sa.UniqueConstraint("rule", "version", name=op.f("uq_rule_reviews_rule_version")),
        schema=SCHEMA,
    )
    op.create_table(
        "rule_retirements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("rule", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("retired_from", sa.Date(), nullable=False),
        sa.Column("retired_by", sa.Text(), nullable=False),
        sa.Column("retired_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule", "version"],
            ["trueup.deduction_rules.rule", "trueup.deduction_rules.version"],
            name=op.f("fk_rule_retirements_rule_version_deduction_rules"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_retirements")),
        sa.UniqueConstraint("rule", "version", name=op.f("uq_rule_retirements_rule_version")),
        schema=SCHEMA,
    )
    op.create_table(
        "terms",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("marketplace", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("known_from", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("percent", sa.Numeric(), nullable=True),
        sa.Column("per_unit", sa.Numeric(), nullable=True),
        sa.Column("currency", sa.CHAR(length=3), nullable=True),
        sa.Column("rounding", sa.Text(), nullable=False),
        sa.Column("within_days", sa.Integer(), nullable=True),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.CheckConstraint("percent IS NULL OR per_unit IS NULL", name=op.f("ck_terms_one_rate")),
        sa.CheckConstraint("(per_unit IS NULL) = (currency IS NULL)", name=op.f("ck_terms_unit_whole")),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_terms_days_in_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms")),
        schema=SCHEMA,
    )
    op.create_index("ix_terms_kind", "terms", ["kind", "valid_from"], unique=False, schema=SCHEMA)
    op.create_table(
        "charges",
        sa.Column("remittance_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("marketplace", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("charged_minor", sa.BigInteger(), nullable=False),
        sa.Column("expected_minor", sa.BigInteger(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("missing", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("term_id", sa.BigInteger(), nullable=True),
        sa.Column("checked_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(verdict = 'unrated') = (expected_minor IS NULL)", name=op.f("ck_charges_expected_or_unrated")
        ),
        sa.CheckConstraint("(verdict = 'unrated') = (missing <> '')", name=op.f("ck_charges_missing_said")),
        sa.PrimaryKeyConstraint("remittance_id", "line", "kind", name=op.f("pk_charges")),
        schema=SCHEMA,
    )
    op.create_index("ix_charges_verdict", "charges", ["verdict", "partner", "kind"], unique=False, schema=SCHEMA)
    op.create_table(
        "charge_checks",
        sa.Column("remittance_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_entry", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("remittance_id", name=op.f("pk_charge_checks")),
        schema=SCHEMA,
    )
    op.execute(_APPEND_ONLY)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("charge_checks", schema=SCHEMA)
    op.drop_table("charges", schema=SCHEMA)
    op.drop_table("terms", schema=SCHEMA)
    op.drop_table("rule_retirements", schema=SCHEMA)
    op.drop_table("rule_reviews", schema=SCHEMA)
    op.drop_table("deduction_rules", schema=SCHEMA)
