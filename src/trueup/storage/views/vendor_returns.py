"""Goods that came back from buyers, as people see them: each unit, its order, and the item that became of it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.money import Money
from trueup.storage.circular import Kind, circular_records
from trueup.storage.orders import orders
from trueup.storage.vendor_returns import vendor_returns
from trueup.storage.views.growing import Growing, GrowingRows
from trueup.storage.views.paging import ROWS, Order, Paged, fetch_page

_CONDITION = circular_records.c.body["condition"]


def page_returned(connection: sa.Connection, at: str, *, order_id: int | None = None, limit: int = ROWS) -> Paged:
    """Units that came back, the newest first, of one order or of all. Raises Invalid for a place that is none."""
    paged = fetch_page(connection, _wanted(order_id), Order((vendor_returns.c.id,), descending=True), at, limit)
    return Paged([_row(row) for row in paged.rows], paged.before, paged.after)


def growing_returned(order_id: int | None = None) -> Growing:
    """The same as a list that grows."""
    return GrowingRows(_wanted(order_id), vendor_returns.c.id)


def _wanted(order_id: int | None) -> sa.Select[Any]:
    query = sa.select(vendor_returns, orders.c.partner, orders.c.number).join(
        orders, orders.c.id == vendor_returns.c.order_id
    )
    return query if order_id is None else query.where(vendor_returns.c.order_id == order_id)


def list_conditions(connection: sa.Connection, programme: str) -> list[tuple[int, str]]:
    """(id, title) of the conditions that items of a programme have, by title."""
    query = (
        sa.select(_CONDITION["id"].as_integer().label("id"), _CONDITION["title"].as_string().label("title"))
        .where(
            circular_records.c.programme == programme,
            circular_records.c.kind == Kind.ITEM.value,
            _CONDITION["id"].as_string().is_not(None),
        )
        .distinct()
    )
    return sorted(((row.id, row.title) for row in connection.execute(query)), key=lambda pair: pair[1])


def _row(row: Any) -> dict[str, Any]:
    return {
        "id": row["id"],
        "order": f"{row['partner']}/{row['number']}",
        "line": row["sequence"],
        "sku": row["sku"],
        "programme": row["programme"],
        "serial": row["serial"],
        "become": row["become"],
        "cost": str(Money(row["cost_minor"], row["currency"])) if row["cost_minor"] is not None else None,
        "state": row["state"],
        "item": row["item"],
        "recorded_at": write_instant(row["recorded_at"]),
        "recorded_by": row["recorded_by"],
        "evidence": row["evidence"],
    }
