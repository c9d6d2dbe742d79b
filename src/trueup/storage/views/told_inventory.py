"""What buyers were told, as people see it: of a product, and of a whole warehouse; the number, what was accepted, how it stands."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.storage.advised_stock import advised_stock
from trueup.storage.deliveries import deliveries
from trueup.storage.inventory_updates import Place, inventory_updates, told_items
from trueup.storage.views.paging import ROWS, Order, Paged, fetch_page


def list_told(connection: sa.Connection, sku: str) -> list[dict[str, Any]]:
    """Every buyer that is told of a product: by API what each warehouse accepted too, by EDI what its 997 proves.

    `accepted` None: nobody knows; `differs_since` is from when on it has been another number than ours.
    """
    by_api = connection.execute(
        sa.select(told_items, deliveries.c.key, deliveries.c.state)
        .join(deliveries, deliveries.c.id == told_items.c.delivery_id)
        .where(told_items.c.sku == sku)
        .order_by(told_items.c.partner, told_items.c.vendor_code, told_items.c.warehouse)
    ).mappings()
    by_edi = connection.execute(
        sa.select(advised_stock, deliveries.c.key, deliveries.c.state, deliveries.c.prepared_at)
        .join(deliveries, deliveries.c.id == advised_stock.c.delivery_id)
        .where(advised_stock.c.sku == sku)
        .order_by(advised_stock.c.partner, advised_stock.c.vendor_code)
    ).mappings()
    return [
        *map(_by_api, by_api),
        *(
            {
                **_of(row, row["eaches"], row["prepared_at"]),
                "warehouse": "by EDI",
                "accepted": row["eaches"] if row["state"] in ("received", "accepted") else None,
                "accepted_at": None,
                "differs_since": None,
                "refused": None,
            }
            for row in by_edi
        ),
    ]


def show_warehouse(connection: sa.Connection, place: Place) -> dict[str, Any]:
    """How a warehouse of direct fulfillment stands: products told, held otherwise and refused, and the last update."""
    mine, refused = _at(told_items, place), told_items.c.refused != ""
    differs = sa.and_(sa.not_(refused), told_items.c.accepted.is_distinct_from(told_items.c.told))
    count = sa.func.count()
    sums = connection.execute(
        sa.select(count, count.filter(differs), count.filter(refused)).select_from(told_items).where(mine)
    ).one()
    last = connection.execute(
        sa.select(
            inventory_updates.c.whole_at,
            deliveries.c.key,
            deliveries.c.state,
            deliveries.c.prepared_at,
            deliveries.c.digest,
        )
        .outerjoin(deliveries, deliveries.c.id == inventory_updates.c.delivery_id)
        .where(_at(inventory_updates, place))
    ).first()
    return {
        "products": sums[0],
        "differing": sums[1],
        "refused": sums[2],
        "whole_at": write_instant(last.whole_at) if last and last.whole_at else None,
        "last": last.key if last else None,
        "state": last.state if last else None,
        "last_at": write_instant(last.prepared_at) if last and last.prepared_at else None,
        "evidence": last.digest if last else None,
    }


def page_told(
    connection: sa.Connection, place: Place, *, differing: bool = False, at: str = "", limit: int = ROWS
) -> Paged:
    """What a warehouse's buyer was told of each product, by SKU; `differing`: only where it holds another number, or none knows."""
    query = (
        sa.select(told_items, deliveries.c.key, deliveries.c.state)
        .join(deliveries, deliveries.c.id == told_items.c.delivery_id)
        .where(_at(told_items, place))
    )
    if differing:
        query = query.where(told_items.c.accepted.is_distinct_from(told_items.c.told))
    paged = fetch_page(connection, query, Order((told_items.c.sku,)), at, limit)
    return Paged([{"sku": row["sku"], **_by_api(row)} for row in paged.rows], paged.before, paged.after)


def _at(table: sa.Table, place: Place) -> sa.ColumnElement[bool]:
    names = ("partner", "vendor_code", "warehouse")
    return sa.and_(*(table.c[name] == value for name, value in zip(names, place, strict=True)))


def _by_api(row: Any) -> dict[str, Any]:
    return {
        **_of(row, row["told"], row["told_at"]),
        "warehouse": row["warehouse"],
        "accepted": row["accepted"],
        "accepted_at": write_instant(row["accepted_at"]) if row["accepted_at"] else None,
        "differs_since": write_instant(row["differs_at"]) if row["differs_at"] else None,
        "refused": row["refused"] or None,
    }


def _of(row: Any, told: int, at: Any) -> dict[str, Any]:
    return {
        "partner": row["partner"],
        "vendor_code": row["vendor_code"],
        "told": told,
        "told_at": write_instant(at),
        "delivery": row["key"],
        "state": row["state"],
    }
