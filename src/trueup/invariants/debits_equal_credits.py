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
_BROKEN = (
    "SELECT 'entry' AS about, entry_id AS name, 'is out by' AS words, sum(minor) AS minor, currency"
    " FROM trueup.journal_lines GROUP BY entry_id, currency HAVING sum(minor) <> 0"
)
INVARIANT = Invariant(
    name="debits-equal-credits",
    order=10,
    title="Debits equal credits in every entry of the journal, in each currency.",
    why="books that cannot be closed",
    how="The lines of each entry are summed by currency. An entry whose sum is not zero breaks it.",
    unit="entries",
    prove=_prove,
)
