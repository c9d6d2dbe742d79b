"""Amazon's reports as people see them: what was asked for, what holds of a product, and every word of its history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import NotFound
from trueup.storage.products import listings, products
from trueup.storage.vendor_figures import vendor_figures
from trueup.storage.vendor_reports import vendor_reports


def list_reports(
    connection: sa.Connection, *, state: str | None = None, before: int | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """The newest first; from before one by its number."""
    query = sa.select(vendor_reports).order_by(vendor_reports.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(vendor_reports.c.state == state)
    if before is not None:
        query = query.where(vendor_reports.c.id < before)
    return [_report(row) for row in connection.execute(query).mappings()]


def show_report(connection: sa.Connection, report_id: int) -> dict[str, Any]:
    """One with its references at Amazon. Raises NotFound."""
    query = sa.select(vendor_reports).where(vendor_reports.c.id == report_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(f"No report {report_id} was ever asked for; `trueup reports list` shows those that were.")
    more = {"reference": row["reference"], "taken_for_it": list(row["others"]), "document": row["digest"]}
    return {**_report(row), **more, "looks": row["looks"], "planned_at": write_instant(row["planned_at"])}


def list_history(
    connection: sa.Connection, sku: str, *, kind: str | None = None, only_holding: bool = False, limit: int = 100
) -> list[dict[str, Any]]:
    """What was said of a product, the newest days first, and of each day the newest word first. Raises NotFound."""
    known = connection.execute(sa.select(products.c.sku).where(products.c.sku == sku)).scalar()
    if known is None:
        raise NotFound(f"No product {sku} is in the item master.")
    columns = vendor_figures.c
    asins = sa.select(listings.c.asin).where(listings.c.sku == sku, listings.c.asin.is_not(None))
    query = sa.select(vendor_figures).where(columns.asin.in_(asins))
    if kind is not None:
        query = query.where(columns.kind == kind)
    if only_holding:
        query = query.where(columns.holds)
    order = (columns.begins.desc(), columns.kind, columns.asin, columns.said_at.desc())
    return [_figure(row) for row in connection.execute(query.order_by(*order).limit(limit)).mappings()]


def _report(row: sa.RowMapping) -> dict[str, Any]:
    return {
        "id": row["id"],
        "source": row["source"],
        "report": row["question"],
        "edition": row["edition"],
        "state": row["state"],
        "asked_by": row["asked_by"],
        "attempts": row["attempts"],
        "made_at": _at(row["made_at"]),
        "products": row["products"],
        "words": row["words"],
    }


def _figure(row: sa.RowMapping) -> dict[str, Any]:
    return {
        "source": row["source"],
        "kind": row["kind"],
        "view": row["view"],
        "asin": row["asin"],
        "begins": _at(row["begins"]),
        "ends": _at(row["ends"]),
        "figures": dict(row["numbers"]),
        "currency": row["currency"],
        "said_at": _at(row["said_at"]),
        "confirmed_at": _at(row["confirmed_at"]),
        "learned_at": _at(row["learned_at"]),
        "holds": row["holds"],
        "evidence": row["evidence"],
    }


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else write_instant(moment)
