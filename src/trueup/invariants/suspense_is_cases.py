"""What is in suspense is to the cent what lines wait in, and each of them in an open case."""

from __future__ import annotations

import sqlalchemy as sa

from trueup.checks import Ground
from trueup.domain.chart import Purpose
from trueup.invariants import Invariant, Proof, by_currency, find_broken, sums_by_currency


def _prove(connection: sa.Connection, ground: Ground) -> Proof:
    values = {"suspense": ground.chart.code(Purpose.SUSPENSE)}
    broken, rows = find_broken(connection, _BROKEN, values)
    sums = (
        *sums_by_currency("On the account of suspense", by_currency(connection, _ACCOUNT, values)),
        *sums_by_currency("In lines that wait", by_currency(connection, _WAITING)),
    )
    return Proof(int(connection.execute(_LOOKED).scalar_one()), sums, broken, rows)


_LOOKED = sa.text("SELECT count(*) FROM trueup.suspense")
_ACCOUNT = (
    "SELECT currency, sum(minor) AS minor FROM trueup.journal_lines WHERE account = :suspense"
    " GROUP BY currency HAVING sum(minor) <> 0"
)
# What Amazon withheld is a debit of suspense.
_WAITING = "SELECT currency, -sum(minor) AS minor FROM trueup.suspense GROUP BY currency HAVING sum(minor) <> 0"
_BROKEN = (
    "SELECT 'account' AS about, :suspense || ' ' || coalesce(a.currency, w.currency) AS name,"
    " 'differs from the lines that wait by' AS words, coalesce(a.minor, 0) - coalesce(w.minor, 0) AS minor,"
    f" coalesce(a.currency, w.currency) AS currency FROM ({_ACCOUNT}) AS a FULL JOIN ({_WAITING}) AS w"
    " ON w.currency = a.currency WHERE coalesce(a.minor, 0) <> coalesce(w.minor, 0)"
    " UNION ALL SELECT 'suspense', s.kind || ' ' || s.subject, 'waits and no case is open about', sum(s.minor), s.currency"
    " FROM trueup.suspense s LEFT JOIN trueup.cases c ON c.kind = s.kind AND c.subject = s.subject AND c.state = 'open'"
    " WHERE c.id IS NULL GROUP BY s.kind, s.subject, s.currency"
    " UNION ALL SELECT 'suspense', kind || ' ' || subject, 'is summed up otherwise than its lines by',"
    " coalesce(g.minor, 0) - coalesce(s.minor, 0), coalesce(g.currency, s.currency) FROM trueup.suspense_groups g FULL JOIN"
    " (SELECT kind, subject, min(currency) AS currency, count(*) AS lines, sum(minor) AS minor FROM trueup.suspense"
    " GROUP BY kind, subject) AS s USING (kind, subject) WHERE (g.lines, g.minor) IS DISTINCT FROM (s.lines, s.minor)"
)
INVARIANT = Invariant(
    name="suspense-is-cases",
    order=30,
    title="What is in suspense is to the cent the lines that wait, each in an open case.",
    why="a suspense account that nobody can take apart",
    how="The balance of the account of suspense is held against the sum of the lines that wait, by currency; and each group of "
    "lines against the open case of its question.",
    unit="lines that wait",
    prove=_prove,
)
