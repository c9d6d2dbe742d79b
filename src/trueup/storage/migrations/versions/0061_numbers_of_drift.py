"""Numbers of drift: which of the products that drift in a channel began to last, so that a list says how many came to it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0061_numbers_of_drift"
down_revision = "0060_units_of_receipts"
branch_labels = None
depends_on = None

SCHEMA = "trueup"
_DRIFTS = "coalesce({0}.on_hand <> {0}.should_show, false) OR coalesce({0}.reserved < {0}.held, false)"
# Whoever writes a row: a number is given when it begins to drift, is kept while it does, and is gone when it does not.
_NUMBER = f"""
CREATE FUNCTION trueup.number_drift() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT ({_DRIFTS.format("NEW")}) THEN
        NEW.drifted := NULL;
    ELSIF NEW.drifted IS NULL THEN
        NEW.drifted := nextval('trueup.drift_numbers');
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER publications_number_drift BEFORE INSERT OR UPDATE OF should_show, on_hand, reserved, held ON trueup.publications
    FOR EACH ROW EXECUTE FUNCTION trueup.number_drift();
"""


def upgrade() -> None:
    """Add them; what drifts now is numbered as it is found."""
    op.execute("CREATE SEQUENCE trueup.drift_numbers")
    op.add_column("publications", sa.Column("drifted", sa.BigInteger()), schema=SCHEMA)
    op.execute(
        "UPDATE trueup.publications AS p SET drifted = nextval('trueup.drift_numbers') WHERE " + _DRIFTS.format("p")
    )
    where = sa.text("drifted IS NOT NULL")
    op.create_index("ix_publications_drifted", "publications", ["drifted"], schema=SCHEMA, postgresql_where=where)
    op.execute(_NUMBER)


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TRIGGER publications_number_drift ON trueup.publications")
    op.execute("DROP FUNCTION trueup.number_drift()")
    op.drop_index("ix_publications_drifted", table_name="publications", schema=SCHEMA)
    op.drop_column("publications", "drifted", schema=SCHEMA)
    op.execute("DROP SEQUENCE trueup.drift_numbers")
