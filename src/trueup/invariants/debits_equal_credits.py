"""Debits equal credits in every entry of the journal, in each currency."""

from __future__ import annotations

import sqlalchemy as sa

from trueup.checks import Ground
from trueup.invariants import Invariant, Proof, find_broken, sums_by_currency


def _prove(connection: sa.Connection, ground: Ground) -> Proof:
    totals = connection.execute(_TOTALS).all()
    debits = {row.currency: int(row.debits) for row in totals}
    credits = {row.currency: int(row.credits) for row in totals}
    broken, rows = find_broken(connection, _BROKEN)
    looked = int(connection.execute(_LOOKED).scalar_one())
    return Proof(looked, sums_by_currency("Debits", debits) + sums_by_currency("Credits", credits), broken, rows)


_LOOKED = sa.text("SELECT count(*) FROM trueup.journal_entries")
_TOTALS = sa.text(
    "SELECT currency, coalesce(sum(minor) FILTER (WHERE minor > 0), 0) AS debits,"
    " coalesce(-sum(minor) FILTER (WHERE minor < 0), 0) AS credits FROM trueup.journal_lines GROUP BY currency"
)
_SUMMED = "SELECT entry_id, account, currency, {0} AS debit, sum(minor) AS minor, {1} AS lines FROM trueup.{2} GROUP BY 1, 2, 3, 4"
_BROKEN = (
    "SELECT 'entry' AS about, entry_id AS name, 'is out by' AS words, sum(minor) AS minor, currency"
    " FROM trueup.journal_lines GROUP BY entry_id, currency HAVING sum(minor) <> 0"
    " UNION ALL SELECT 'entry', entry_id, 'is summed up on account ' || account || ' otherwise than its lines by',"
    " coalesce(s.minor, 0) - coalesce(l.minor, 0), currency"
    f" FROM ({_SUMMED.format('minor > 0', 'count(*)', 'journal_lines')}) AS l"
    f" FULL JOIN ({_SUMMED.format('debit', 'sum(lines)', 'journal_sums')}) AS s USING (entry_id, account, currency, debit)"
    " WHERE (l.minor, l.lines) IS DISTINCT FROM (s.minor, s.lines)"
)
INVARIANT = Invariant(
    name="debits-equal-credits",
    order=10,
    title="Debits equal credits in every entry of the journal, in each currency.",
    why="books that cannot be closed",
    how="The lines of each entry are summed by currency. An entry whose sum is not zero breaks it, and so does one "
    "whose sums, which balances and closes read, are not those of its lines.",
    unit="entries",
    prove=_prove,
)
