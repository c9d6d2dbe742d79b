"""What buyers were told of a product, as people see it: the number, what was accepted, and how the delivery stands."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.storage.advised_stock import advised_stock
from trueup.storage.deliveries import deliveries
from trueup.storage.inventory_updates import told_items


def list_told(connection: sa.Connection, sku: str) -> list[dict[str, Any]]:
    """Every buyer that is told of a product: by API what each warehouse accepted too, by EDI what its 997 proves.

    `accepted` None: nobody knows; `differs_since` is from when on it has been another number than ours.
    """
    by_api = connection.execute(
        sa.select(told_items, deliveries.c.key, deliveries.c.state)
        .join(deliveries, deliveries.c.id == told_items.c.delivery_id)
        .where(told_items.c.sku == sku)
        .order_by(told_items.c.partner, told_items.c.vendor_code, told_items.c.warehouse)
    )
    by_edi = connection.execute(
        sa.select(advised_stock, deliveries.c.key, deliveries.c.state, deliveries.c.prepared_at)
        .join(deliveries, deliveries.c.id == advised_stock.c.delivery_id)
        .where(advised_stock.c.sku == sku)
        .order_by(advised_stock.c.partner, advised_stock.c.vendor_code)
    )
    return [
        *(
            {
                **_of(row, row.told, row.told_at),
                "warehouse": row.warehouse,
                "accepted": row.accepted,
                "accepted_at": write_instant(row.accepted_at) if row.accepted_at else None,
                "differs_since": write_instant(row.differs_at) if row.differs_at else None,
                "refused": row.refused or None,
            }
            for row in by_api
        ),
        *(
            {
                **_of(row, row.eaches, row.prepared_at),
                "warehouse": "by EDI",
                "accepted": row.eaches if row.state in ("received", "accepted") else None,
                "accepted_at": None,
                "differs_since": None,
                "refused": None,
            }
            for row in by_edi
        ),
    ]


def _of(row: Any, told: int, at: Any) -> dict[str, Any]:
    return {
        "partner": row.partner,
        "vendor_code": row.vendor_code,
        "told": told,
        "told_at": write_instant(at),
        "delivery": row.key,
        "state": row.state,
    }
