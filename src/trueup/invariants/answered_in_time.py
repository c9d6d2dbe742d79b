"""Every order is answered before its deadline, or a case said before then why not."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from trueup.checks import Ground
from trueup.invariants import DAYS, Invariant, Proof, Sum, find_broken


def _prove(connection: sa.Connection, ground: Ground) -> Proof:
    values = {"now": ground.now, "since": ground.now - timedelta(days=DAYS)}
    row = connection.execute(_LOOKED, values).one()
    broken, rows = find_broken(connection, _BROKEN, values)
    sums = (
        Sum("Deadlines passed", str(row.due)),
        Sum("Answered by then", str(row.answered)),
        Sum("Explained by a case", str(row.explained)),
        Sum("Answered by nobody, closed by the buyer", str(row.closed)),
    )
    return Proof(row.due, sums, broken, rows)


_DUE = (
    "SELECT o.id, o.partner || '/' || o.number AS name, o.answer_due_at, o.state,"
    " EXISTS (SELECT FROM trueup.deliveries d WHERE d.order_id = o.id AND d.kind = 'acknowledgement'"
    " AND d.sent_at <= o.answer_due_at) AS answered,"
    # Whoever was told could act: a case counts from when it was opened, whatever became of it.
    " EXISTS (SELECT FROM trueup.cases c WHERE c.order_id = o.id AND c.opened_at <= o.answer_due_at) AS explained"
    " FROM trueup.orders o WHERE NOT o.history AND o.answer_due_at BETWEEN :since AND :now"
    " AND EXISTS (SELECT FROM trueup.order_revisions r, jsonb_array_elements(r.body -> 'lines') AS line"
    " WHERE r.order_id = o.id AND r.revision = o.revision AND (line -> 'ordered' ->> 'amount')::numeric > 0)"
)
_LOOKED = sa.text(
    "SELECT count(*) AS due, count(*) FILTER (WHERE answered) AS answered,"
    " count(*) FILTER (WHERE NOT answered AND explained) AS explained,"
    f" count(*) FILTER (WHERE NOT answered AND NOT explained AND state = 'closed') AS closed FROM ({_DUE}) AS due"
)
_BROKEN = (
    "SELECT 'order' AS about, name, 'was due ' || to_char(answer_due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC: no"
    f" answer had left by then, and no case said why' AS words FROM ({_DUE}) AS due"
    " WHERE NOT answered AND NOT explained AND state <> 'closed'"
)
INVARIANT = Invariant(
    name="answered-in-time",
    order=50,
    title="Every order was answered before its deadline, or a case opened before then says why not.",
    why="late acknowledgements, which Amazon charges back",
    how=f"Of each order whose deadline passed in the last {DAYS} days and of which something is still ordered: an answer left by "
    "then, or a case about it was opened by then. What the buyer closed itself and what was answered before Trueup came owes "
    "nothing.",
    unit="deadlines",
    prove=_prove,
)
