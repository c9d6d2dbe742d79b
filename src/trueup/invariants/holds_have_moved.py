"""What orders hold of a product is what its movements come to."""

from __future__ import annotations

import sqlalchemy as sa

from trueup.checks import Ground
from trueup.invariants import Invariant, Proof, Sum, find_broken


def _prove(connection: sa.Connection, ground: Ground) -> Proof:
    row = connection.execute(_LOOKED).one()
    broken, rows = find_broken(connection, _BROKEN)
    sums = (Sum("Held by orders, eaches", str(row.held)), Sum("By the movements, eaches", str(row.moved)))
    return Proof(row.moves, sums, broken, rows)


_SIGNED = "CASE kind WHEN 'reserved' THEN eaches ELSE -eaches END"
_KINDS = "kind IN ('reserved', 'released', 'shipped')"
_LOOKED = sa.text(
    "SELECT (SELECT coalesce(sum(eaches), 0) FROM trueup.reservations) AS held, count(*) AS moves,"
    f" coalesce(sum({_SIGNED}), 0) AS moved FROM trueup.stock_movements WHERE {_KINDS}"
)
_BROKEN = (
    "SELECT 'product' AS about, sku AS name, sum(held) || ' are held at ' || location || ', its movements come to '"
    " || sum(moved) AS words FROM (SELECT sku, location, eaches AS held, 0 AS moved FROM trueup.reservations UNION ALL"
    f" SELECT sku, location, 0, {_SIGNED} FROM trueup.stock_movements WHERE {_KINDS}) AS sides"
    " GROUP BY sku, location HAVING sum(held) <> sum(moved)"
)
INVARIANT = Invariant(
    name="holds-have-moved",
    order=90,
    title="What orders hold of every product is what its movements come to.",
    why="a number of stock that nobody could explain",
    how="The reservations of each product and place are held against what was reserved, released and shipped there.",
    unit="movements",
    prove=_prove,
)
