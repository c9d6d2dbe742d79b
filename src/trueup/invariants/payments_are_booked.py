"""Every payment that is posted stands on the account of cash to the cent."""

from __future__ import annotations

import sqlalchemy as sa

from trueup.checks import Ground
from trueup.domain.chart import Purpose
from trueup.invariants import Invariant, Proof, by_currency, find_broken, sums_by_currency


def _prove(connection: sa.Connection, ground: Ground) -> Proof:
    values = {"cash": ground.chart.code(Purpose.CASH)}
    broken, rows = find_broken(connection, _BROKEN, values)
    sums = sums_by_currency("Paid", by_currency(connection, _PAID)) + sums_by_currency(
        "Booked as cash", by_currency(connection, _CASH, values)
    )
    return Proof(int(connection.execute(_LOOKED).scalar_one()), sums, broken, rows)


_LOOKED = sa.text("SELECT count(*) FROM trueup.remittances WHERE posting = 'posted'")
_PAID = (
    "SELECT currency, sum(amount_minor) AS minor FROM trueup.remittances WHERE posting = 'posted'"
    " GROUP BY currency HAVING sum(amount_minor) <> 0"
)
_CASH = (
    "SELECT l.currency, sum(l.minor) AS minor FROM trueup.journal_entries e JOIN trueup.journal_lines l ON l.entry_id = e.id"
    " WHERE e.remittance_id IS NOT NULL AND l.account = :cash GROUP BY l.currency"
)
_BROKEN = (
    "SELECT 'remittance' AS about, r.partner || '/' || r.payment AS name, 'has on the account of cash too little by' AS words,"
    " r.amount_minor - coalesce(c.minor, 0) AS minor, r.currency FROM trueup.remittances r LEFT JOIN ("
    "SELECT e.remittance_id, l.currency, sum(l.minor) AS minor FROM trueup.journal_entries e"
    " JOIN trueup.journal_lines l ON l.entry_id = e.id WHERE l.account = :cash AND e.remittance_id IS NOT NULL GROUP BY 1, 2"
    ") AS c ON c.remittance_id = r.id AND c.currency = r.currency"
    " WHERE r.posting = 'posted' AND r.amount_minor <> coalesce(c.minor, 0)"
)
INVARIANT = Invariant(
    name="payments-are-booked",
    order=20,
    title="Every posted payment is booked to the cent.",
    why="net figures that hide what was deducted, and cents that are lost",
    how="The amount of each posted payment is held against the sum of its lines on the account of cash, corrections included. "
    "As every entry comes to zero, what did not arrive stands on the other accounts, or in suspense.",
    unit="payments",
    prove=_prove,
)
