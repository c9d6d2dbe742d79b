"""Proofs to look at: what carriers, warehouses and the buyer confirmed, the newest first."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from trueup.domain.invoices import normal_reference
from trueup.storage.proofs import proofs

_TRACKED = ("partner", "kind", "purchase_order", "carrier", "tracking", "evidence")
_NONE: sa.ColumnClause[str] = sa.literal_column("''")
"""What names no parcel is in no index: said as a constant, so that the database sees it."""


def find_tracked(connection: sa.Connection, tracking: str, limit: int = 6) -> list[dict[str, Any]]:
    """What carriers confirmed under a number of theirs, the latest first."""
    table = proofs.c
    query = sa.select(*(table[name] for name in _TRACKED), table.day).where(
        table.tracking == tracking.upper(), table.tracking != _NONE
    )
    rows = connection.execute(query.order_by(table.day.desc(), table.id.desc()).limit(limit)).mappings()
    return [{**{name: row[name] for name in _TRACKED}, "day": row["day"].isoformat()} for row in rows]


def list_proofs(
    connection: sa.Connection, *, order: str = "", invoice: str = "", before: int | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Proofs, the latest first, from before one (by id): of all, of a purchase order, or of an invoice."""
    table = proofs.c
    query = sa.select(proofs).order_by(table.day.desc(), table.id.desc()).limit(limit)
    if order:
        query = query.where(table.purchase_order == order)
    if invoice:
        query = query.where(table.reference == normal_reference(invoice))
    if before is not None:
        last = sa.select(table.day, table.id).where(table.id == before).scalar_subquery()
        query = query.where(sa.tuple_(table.day, table.id) < last)
    columns = (
        "id",
        "partner",
        "kind",
        "purchase_order",
        "invoice",
        "sku",
        "quantity",
        "carrier",
        "tracking",
        "document",
    )
    return [
        {**{name: row[name] for name in columns}, "day": row["day"].isoformat(), "evidence": row["evidence"]}
        for row in connection.execute(query).mappings()
    ]
