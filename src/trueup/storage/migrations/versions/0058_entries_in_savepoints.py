"""An entry that is posted in a savepoint is whole: what was posted in this transaction is told by its being under way."""

from __future__ import annotations

from alembic import op

revision = "0058_entries_in_savepoints"
down_revision = "0057_escalation"
branch_labels = None
depends_on = None

# A savepoint has a transaction id of its own. What we see and is under way is ours, for nobody sees what others have not committed.
# A row has only the lower half of its id: the upper is that of the next id to be given, or the one before.
_FUNCTION = """
CREATE OR REPLACE FUNCTION trueup.check_journal_lines() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
    next_id numeric := pg_snapshot_xmax(pg_current_snapshot())::text::numeric;
    ours text[];
BEGIN
    SELECT entry_id, currency, sum(minor) AS minor INTO wrong
        FROM fresh GROUP BY entry_id, currency HAVING sum(minor) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % does not balance: debits less credits are % minor units of %',
            wrong.entry_id, wrong.minor, wrong.currency USING ERRCODE = 'check_violation';
    END IF;
    SELECT array_agg(made.id) INTO ours FROM (
        SELECT DISTINCT e.xmin::text AS id FROM (SELECT DISTINCT entry_id FROM fresh) AS f
            JOIN trueup.journal_entries AS e ON e.id = f.entry_id) AS made
        WHERE made.id = pg_current_xact_id()::xid::text
        OR pg_xact_status(trueup.whole_id(made.id::numeric, next_id)::text::xid8) = 'in progress';
    SELECT f.entry_id INTO wrong FROM (SELECT DISTINCT entry_id FROM fresh) AS f
        LEFT JOIN trueup.journal_entries AS e ON e.id = f.entry_id
        WHERE e.id IS NULL OR ours IS NULL OR e.xmin::text <> ALL (ours) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'lines for entry %, which was not made in this transaction: entries are whole when they are posted',
            wrong.entry_id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
"""
_WHOLE = """
CREATE FUNCTION trueup.whole_id(half numeric, next_id numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN same <= next_id + 1048576 THEN same ELSE greatest(same - 4294967296, half) END
    FROM (SELECT div(next_id, 4294967296) * 4294967296 + half AS same) AS guess
$$;
"""
_BEFORE = """
CREATE OR REPLACE FUNCTION trueup.check_journal_lines() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""


def upgrade() -> None:
    """Look at whether it is under way."""
    op.execute(_WHOLE)
    op.execute(_FUNCTION)


def downgrade() -> None:
    """Look at the whole transaction's own id alone."""
    op.execute(_BEFORE)
    op.execute("DROP FUNCTION trueup.whole_id(numeric, numeric)")
