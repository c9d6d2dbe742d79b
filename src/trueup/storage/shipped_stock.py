"""What left for purchase orders, noted on what they hold: it is held on until the buyer has closed the order and somebody counts,
because a count may have been taken before it left."""

from __future__ import annotations

import sqlalchemy as sa

from trueup.domain.stock_ledger import Movement, MovementKind
from trueup.storage.sales_orders import sales_orders
from trueup.storage.stock import reservations

HELD_AND_MOVED = (
    "SELECT sku, location, eaches - shipped_eaches AS held, 0 AS moved FROM trueup.reservations UNION ALL"
    " SELECT sku, location, 0, CASE WHEN kind IN ('reserved', 'recalled') THEN eaches ELSE -eaches END"
    " FROM trueup.stock_movements WHERE kind IN ('reserved', 'recalled', 'released', 'shipped')"
)
"""Both sides of what orders hold: what lies there for them still, and what the ledger says moved. Their sums are equal."""


def find_claimant(connection: sa.Connection, shop: str, key: str) -> int | None:
    """The purchase order that a shop's order holds stock for; None where we know of none."""
    query = sa.select(sales_orders.c.order_id).where(sales_orders.c.shop == shop, sales_orders.c.key == key)
    found: int | None = connection.execute(query).scalar_one_or_none()
    return found


def note_shipped(connection: sa.Connection, order_id: int, told: Movement) -> int:
    """So many of the eaches that were told to leave (or to lie there after all) as an order's reservations say, line by line.

    What a count ended already has been told to have left, so that nothing is left to tell.
    """
    mine = sa.and_(
        reservations.c.order_id == order_id, reservations.c.sku == told.sku, reservations.c.location == told.location
    )
    left, done = told.eaches, 0
    rows = connection.execute(sa.select(reservations).where(mine).order_by(reservations.c.sequence).with_for_update())
    for row in rows.mappings().all():
        shipped = row["shipped_eaches"]
        most = row["eaches"] - shipped if told.kind is MovementKind.SHIPPED else shipped
        taken = max(0, min(left, most))
        if taken:
            change = taken if told.kind is MovementKind.SHIPPED else -taken
            line = sa.and_(mine, reservations.c.sequence == row["sequence"])
            connection.execute(sa.update(reservations).where(line).values(shipped_eaches=shipped + change))
        left, done = left - taken, done + taken
    return done
