"""What orders hold of a product is what its movements come to."""

from __future__ import annotations

import sqlalchemy as sa

from trueup.checks import Ground
from trueup.invariants import Invariant, Proof, Sum, find_broken
from trueup.storage.shipped_stock import HELD_AND_MOVED


def _prove(connection: sa.Connection, ground: Ground) -> Proof:
    row = connection.execute(_LOOKED).one()
    broken, rows = find_broken(connection, _BROKEN)
    sums = (Sum("Held by orders, eaches", str(row.held)), Sum("By the movements, eaches", str(row.moved)))
    return Proof(row.moves, sums, broken, rows)


_LOOKED = sa.text(
    "SELECT coalesce(sum(held), 0) AS held, coalesce(sum(moved), 0) AS moved, count(*) FILTER (WHERE moved <> 0) AS moves"
    f" FROM ({HELD_AND_MOVED}) AS sides"
)
_BROKEN = (
    "SELECT 'product' AS about, sku AS name, sum(held) || ' are held at ' || location || ', its movements come to '"
    f" || sum(moved) AS words FROM ({HELD_AND_MOVED}) AS sides GROUP BY sku, location HAVING sum(held) <> sum(moved)"
)
INVARIANT = Invariant(
    name="holds-have-moved",
    order=90,
    title="What orders hold of every product is what its movements come to.",
    why="a number of stock that nobody could explain",
    how="What each product's reservations hold still is held against what was reserved, released, shipped and recalled there.",
    unit="movements",
    prove=_prove,
)
