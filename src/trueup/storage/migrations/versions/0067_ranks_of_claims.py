"""Until when a claim can be disputed and what came of disputes are kept beside them, so that claims are paged in the order of what
a dispute brings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0067_ranks_of_claims"
down_revision = "0066_waiting_publications"
branch_labels = None
depends_on = None

SCHEMA = "trueup"
# The windows of `domain.disputes` as of this migration; a test holds them against it.
_UNTIL = """
CREATE FUNCTION trueup.stand_claim() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    family text := split_part(NEW.claim, '/', 1);
    last record;
BEGIN
    IF NEW.taken_minor <= NEW.given_minor + NEW.lost_minor THEN
        NEW.dispute_until := NULL;
    ELSIF NEW.attempts > 0 THEN
        SELECT outcome, coalesce(answered_on, submitted_on) AS refused INTO last
            FROM trueup.disputes WHERE claim_id = NEW.id ORDER BY number DESC LIMIT 1;
        NEW.dispute_until := CASE WHEN last.outcome <> 'won' AND NEW.attempts < CASE family WHEN 'price' THEN 1 ELSE 2 END
            THEN last.refused + 30 END;
    ELSIF family = 'shortage' OR family = 'price' THEN
        NEW.dispute_until := coalesce((SELECT due_on FROM trueup.invoices WHERE id = NEW.invoice_id), NEW.first_on)
            + CASE family WHEN 'shortage' THEN 730 ELSE 30 END;
    ELSE
        NEW.dispute_until := NEW.first_on + 30;
    END IF;
    IF NEW.dispute_until > date '9999-12-31' THEN
        NEW.dispute_until := date '9999-12-31';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER claims_stand BEFORE INSERT OR UPDATE OF taken_minor, given_minor, lost_minor, invoice_id, first_on, attempts
    ON trueup.claims FOR EACH ROW EXECUTE FUNCTION trueup.stand_claim();
CREATE FUNCTION trueup.stand_claims_of_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE trueup.claims SET first_on = first_on WHERE invoice_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER invoices_stand_claims AFTER UPDATE OF due_on ON trueup.invoices FOR EACH ROW
    WHEN (OLD.due_on IS DISTINCT FROM NEW.due_on) EXECUTE FUNCTION trueup.stand_claims_of_invoice();
CREATE FUNCTION trueup.add_dispute_sums(dispute trueup.disputes, times integer) RETURNS void LANGUAGE sql AS $$
    INSERT INTO trueup.dispute_sums AS s (partner, family, currency, won, lost, claimed_minor, won_minor)
    SELECT c.partner, split_part(c.claim, '/', 1), c.currency, times * (dispute.won_minor > 0)::int,
        times * (dispute.won_minor <= 0)::int, times * CASE WHEN dispute.won_minor > 0 THEN dispute.open_minor ELSE 0 END,
        times * dispute.won_minor
    FROM trueup.claims c WHERE c.id = dispute.claim_id AND dispute.outcome IS NOT NULL
    ON CONFLICT (partner, family, currency) DO UPDATE SET won = s.won + excluded.won, lost = s.lost + excluded.lost,
        claimed_minor = s.claimed_minor + excluded.claimed_minor, won_minor = s.won_minor + excluded.won_minor
$$;
CREATE FUNCTION trueup.follow_dispute() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.outcome IS NOT NULL THEN
        PERFORM trueup.add_dispute_sums(OLD, -1);
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.outcome IS NOT NULL THEN
        PERFORM trueup.add_dispute_sums(NEW, 1);
    END IF;
    UPDATE trueup.claims SET attempts = (SELECT count(*) FROM trueup.disputes d WHERE d.claim_id = claims.id)
        WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.claim_id ELSE NEW.claim_id END;
    RETURN NULL;
END
$$;
CREATE TRIGGER disputes_followed AFTER INSERT OR UPDATE OR DELETE ON trueup.disputes
    FOR EACH ROW EXECUTE FUNCTION trueup.follow_dispute();
"""
_SUMS = """
INSERT INTO trueup.dispute_sums (partner, family, currency, won, lost, claimed_minor, won_minor)
SELECT c.partner, split_part(c.claim, '/', 1), c.currency, count(*) FILTER (WHERE d.won_minor > 0),
    count(*) FILTER (WHERE d.won_minor <= 0), coalesce(sum(d.open_minor) FILTER (WHERE d.won_minor > 0), 0), sum(d.won_minor)
FROM trueup.disputes d JOIN trueup.claims c ON c.id = d.claim_id WHERE d.outcome IS NOT NULL GROUP BY 1, 2, 3
"""
_ATTEMPTS = """
UPDATE trueup.claims AS c SET attempts = (SELECT count(*) FROM trueup.disputes d WHERE d.claim_id = c.id)
WHERE taken_minor > given_minor + lost_minor OR EXISTS (SELECT 1 FROM trueup.disputes d WHERE d.claim_id = c.id)
"""


def upgrade() -> None:
    """Add them; what there is stands where it did."""
    _add_columns()
    op.create_table(
        "dispute_sums",
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("won", "lost", "claimed_minor", "won_minor")),
        sa.PrimaryKeyConstraint("partner", "family", "currency", name=op.f("pk_dispute_sums")),
        schema=SCHEMA,
    )
    op.execute(_UNTIL)
    op.execute(_SUMS)
    op.execute(_ATTEMPTS)
    _index()


def _add_columns() -> None:
    family = sa.Computed("split_part(claim, '/', 1)", persisted=True)
    held = sa.Computed("taken_minor - given_minor - lost_minor", persisted=True)
    for column in (
        sa.Column("family", sa.Text(), family, nullable=False),
        sa.Column("open_minor", sa.BigInteger(), held, nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False, server_default="0"),
        sa.Column("dispute_until", sa.Date()),
    ):
        op.add_column("claims", column, schema=SCHEMA)


def _index() -> None:
    can = sa.text("dispute_until IS NOT NULL")
    rank = ["family", "currency", "dispute_until", "open_minor", "id"]
    op.create_index(
        "ix_claims_disputable",
        *("claims", rank),
        schema=SCHEMA,
        postgresql_include=("type",),
        postgresql_where=can,
    )
    op.create_index(
        "ix_claims_disputable_of_partner",
        *("claims", ["partner", *rank]),
        schema=SCHEMA,
        postgresql_include=("type",),
        postgresql_where=can,
    )
    op.create_index(
        "ix_claims_settled",
        "claims",
        [sa.text("coalesce(dispute_until, '0001-01-01'::date)"), "id"],
        schema=SCHEMA,
        postgresql_where=sa.text("open_minor > 0 OR lost_minor > 0 OR attempts > 0"),
    )
    # The newest answer first, all of them or those of one family.
    answered = sa.text("outcome IS NOT NULL")
    keys = ["answered_on", "claim_id", "number"]
    op.create_index("ix_disputes_answered", "disputes", keys, schema=SCHEMA, postgresql_where=answered)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_disputes_answered", table_name="disputes", schema=SCHEMA)
    op.execute("DROP TRIGGER disputes_followed ON trueup.disputes; DROP FUNCTION trueup.follow_dispute()")
    op.execute("DROP FUNCTION trueup.add_dispute_sums(trueup.disputes, integer)")
    op.execute("DROP TRIGGER invoices_stand_claims ON trueup.invoices; DROP FUNCTION trueup.stand_claims_of_invoice()")
    op.execute("DROP TRIGGER claims_stand ON trueup.claims; DROP FUNCTION trueup.stand_claim()")
    op.drop_table("dispute_sums", schema=SCHEMA)
    for name in ("ix_claims_settled", "ix_claims_disputable_of_partner", "ix_claims_disputable"):
        op.drop_index(name, table_name="claims", schema=SCHEMA)
    for name in ("dispute_until", "attempts", "open_minor", "family"):
        op.drop_column("claims", name, schema=SCHEMA)
