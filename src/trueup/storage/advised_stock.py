"""Advised stock in the database: what each buyer was last told that it may order, and in which delivery."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from trueup.domain.partners import Route
from trueup.storage.orders import orders, revisions
from trueup.storage.products import listings
from trueup.storage.schema import metadata

advised_stock = sa.Table(
    "advised_stock",
    metadata,
    sa.Column("partner", sa.Text, primary_key=True),
    sa.Column("vendor_code", sa.Text, primary_key=True),
    sa.Column("sku", sa.Text, primary_key=True),
    sa.Column("eaches", sa.BigInteger, nullable=False),
    sa.Column("delivery_id", sa.BigInteger, sa.ForeignKey("deliveries.id"), nullable=False),
)
advices = sa.Table(
    "advices",
    metadata,
    sa.Column("partner", sa.Text, primary_key=True),
    sa.Column("vendor_code", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("whole_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("delivery_id", sa.BigInteger, sa.ForeignKey("deliveries.id")),
)


@dataclass(frozen=True, slots=True)
class Advised:
    """What a vendor code's buyer was told: how often, when everything was, by which delivery last, and the numbers by SKU."""

    number: int
    whole_at: datetime | None
    delivery_id: int | None
    eaches: dict[str, int]


def load_advised(connection: sa.Connection, partner: str, vendor_code: str) -> Advised:
    """Locked until the transaction ends, so that advices are numbered one after the other."""
    fresh = insert(advices).values(partner=partner, vendor_code=vendor_code, number=0).on_conflict_do_nothing()
    connection.execute(fresh)
    mine = sa.and_(advices.c.partner == partner, advices.c.vendor_code == vendor_code)
    row = connection.execute(sa.select(advices).where(mine).with_for_update()).one()
    told = connection.execute(
        sa.select(advised_stock.c.sku, advised_stock.c.eaches).where(
            advised_stock.c.partner == partner, advised_stock.c.vendor_code == vendor_code
        )
    )
    return Advised(row.number, row.whole_at, row.delivery_id, {each.sku: each.eaches for each in told})


def save_advised(
    connection: sa.Connection,
    of: tuple[str, str],
    told: Iterable[tuple[str, int]],
    delivery_id: int,
    whole_at: datetime | None,
) -> None:
    """These (SKU, eaches) are in a delivery to that (partner, vendor code); `whole_at` when it is everything."""
    partner, vendor_code = of
    rows = [
        {"partner": partner, "vendor_code": vendor_code, "sku": sku, "eaches": eaches, "delivery_id": delivery_id}
        for sku, eaches in sorted(told)
    ]
    statement = insert(advised_stock)
    newer = {name: statement.excluded[name] for name in ("eaches", "delivery_id")}
    keys = ["partner", "vendor_code", "sku"]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=newer), rows)
    values: dict[str, Any] = {"number": advices.c.number + 1, "delivery_id": delivery_id}
    if whole_at is not None:
        values["whole_at"] = whole_at
    mine = sa.and_(advices.c.partner == partner, advices.c.vendor_code == vendor_code)
    connection.execute(sa.update(advices).where(mine).values(**values))


def newest_envelope(connection: sa.Connection, partner: str) -> dict[str, Any] | None:
    """What the partner's newest order by EDI said of its envelope; None where none ever came."""
    query = (
        sa.select(revisions.c.envelope)
        .join(orders, orders.c.id == revisions.c.order_id)
        .where(orders.c.partner == partner, revisions.c.route == Route.EDI.value)
        .order_by(revisions.c.order_id.desc(), revisions.c.revision.desc())
        .limit(1)
    )
    found: dict[str, Any] | None = connection.execute(query).scalar()
    return found


def load_ids(connection: sa.Connection, vendor_code: str) -> list[tuple[str, str, str | None]]:
    """(SKU, our id of it at the buyer's, the buyer's own id) of what a vendor code lists, by SKU."""
    query = sa.select(listings.c.sku, listings.c.vendor_product_id, listings.c.asin)
    rows = connection.execute(query.where(listings.c.vendor_code == vendor_code).order_by(listings.c.sku))
    return [(row.sku, row.vendor_product_id or row.sku, row.asin) for row in rows]
