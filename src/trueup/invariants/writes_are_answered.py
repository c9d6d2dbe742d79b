"""Every write to another system has a key of its own, and none is without an answer and without a case."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from trueup.checks import Ground
from trueup.invariants import Invariant, Proof, Sum, find_broken

_PATIENCE = timedelta(hours=24)
"""A write that was begun so long ago has an answer, or is called unanswered."""


def _prove(connection: sa.Connection, ground: Ground) -> Proof:
    row = connection.execute(_LOOKED).one()
    broken, rows = find_broken(connection, _BROKEN, {"by": ground.now - _PATIENCE})
    sums = (
        Sum("Writes", str(row.writes)),
        Sum("Keys, each its own", str(row.keys)),
        Sum("Unanswered, each with a case", str(row.unanswered - broken)),
    )
    return Proof(row.writes, sums, broken, rows)


_WRITES = (
    "SELECT 'delivery ' || key AS key, state = 'unanswered' AS unanswered FROM trueup.deliveries WHERE attempt > 0"
    " UNION ALL SELECT 'stock ' || key, state = 'unanswered' FROM trueup.stock_writes"
    " UNION ALL SELECT 'credit ' || t.key, c.state = 'unanswered' FROM trueup.credits c"
    " JOIN trueup.trade_ins t ON t.id = c.trade_in_id WHERE c.attempt > 0"
)
_LOOKED = sa.text(
    "SELECT count(*) AS writes, count(DISTINCT key) AS keys, count(*) FILTER (WHERE unanswered) AS unanswered"
    f" FROM ({_WRITES}) AS writes"
)
_BROKEN = (
    "SELECT CASE WHEN o.id IS NULL THEN 'delivery' ELSE 'order' END AS about,"
    " coalesce(o.partner || '/' || o.number, d.key) AS name, 'nobody can say what became of its answer, and no case asks'"
    " AS words FROM trueup.deliveries d LEFT JOIN trueup.orders o ON o.id = d.order_id WHERE d.state = 'unanswered'"
    " AND NOT EXISTS (SELECT FROM trueup.cases c WHERE c.subject = 'delivery ' || d.id)"
    " AND NOT EXISTS (SELECT FROM trueup.cases c WHERE c.order_id = d.order_id AND c.kind LIKE 'acknowledgement.%')"
    " AND NOT EXISTS (SELECT FROM trueup.cases c WHERE c.kind = 'inventory.unanswered'"
    " AND c.subject = regexp_replace(d.key, '^direct-fulfillment (.+)-[0-9]+$', 'inventory \\1'))"
    " UNION ALL SELECT 'channel', w.channel, 'write ' || w.key || ' has no answer since '"
    " || to_char(w.made_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC, and no case asks' FROM trueup.stock_writes w"
    " WHERE (w.state = 'unanswered' OR (w.state = 'open' AND w.made_at < :by))"
    " AND NOT EXISTS (SELECT FROM trueup.cases c WHERE c.subject = 'stock-write ' || w.key)"
    " AND NOT EXISTS (SELECT FROM trueup.cases c WHERE c.kind = 'source.failing' AND c.state = 'open'"
    " AND c.subject LIKE 'source ' || w.channel || ' %')"
    " UNION ALL SELECT 'trade-in', t.key, 'nobody can say whether its credit was given, and no case asks'"
    " FROM trueup.credits k JOIN trueup.trade_ins t ON t.id = k.trade_in_id WHERE k.state = 'unanswered'"
    " AND NOT EXISTS (SELECT FROM trueup.cases c WHERE c.subject = 'trade-in ' || t.key)"
)
INVARIANT = Invariant(
    name="writes-are-answered",
    order=70,
    title="Every write to another system has a key of its own, and none is without an answer unless a case asks about it.",
    why="blind repeats, which do a thing twice, and sends that nobody misses",
    how="The keys of acknowledgements, stock writes and credits are counted against the writes. Each that is unanswered, or is "
    "open for more than a day, is looked for among the cases.",
    unit="writes",
    prove=_prove,
)
