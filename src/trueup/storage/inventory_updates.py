"""Inventory updates in the database: what each warehouse of a direct fulfillment programme was told and what was accepted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from trueup.domain.direct_fulfillment import Standing
from trueup.domain.inventory_advice import AdvisedItem
from trueup.storage.bulk import among
from trueup.storage.schema import metadata

Place: TypeAlias = tuple[str, str, str]
"""Partner, vendor code, warehouse."""
_PLACE = ("partner", "vendor_code", "warehouse")

inventory_updates = sa.Table(
    "inventory_updates",
    metadata,
    sa.Column("partner", sa.Text, primary_key=True),
    sa.Column("vendor_code", sa.Text, primary_key=True),
    sa.Column("warehouse", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("whole_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("delivery_id", sa.BigInteger, sa.ForeignKey("deliveries.id")),
)
told_items = sa.Table(
    "told_items",
    metadata,
    sa.Column("partner", sa.Text, primary_key=True),
    sa.Column("vendor_code", sa.Text, primary_key=True),
    sa.Column("warehouse", sa.Text, primary_key=True),
    sa.Column("sku", sa.Text, primary_key=True),
    sa.Column("vendor_product_id", sa.Text, nullable=False),
    sa.Column("asin", sa.Text),
    sa.Column("told", sa.BigInteger, nullable=False),
    sa.Column("told_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("delivery_id", sa.BigInteger, sa.ForeignKey("deliveries.id"), nullable=False),
    sa.Column("accepted", sa.BigInteger),
    sa.Column("accepted_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("differs_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("refused", sa.Text, nullable=False),
    sa.Index("ix_told_items_sku", "sku"),
    sa.Index("ix_told_items_delivery", "delivery_id"),
)


@dataclass(frozen=True, slots=True)
class Told:
    """How a warehouse stands: how many updates there were, when everything was told, by which delivery last, and each product."""

    number: int
    whole_at: datetime | None
    delivery_id: int | None
    items: dict[str, Standing]


def load_told(connection: sa.Connection, place: Place) -> Told:
    """Locked until the transaction ends, so that updates are numbered one after the other."""
    fresh = insert(inventory_updates).values(**_named(place), number=0).on_conflict_do_nothing()
    connection.execute(fresh)
    row = connection.execute(sa.select(inventory_updates).where(_of(inventory_updates, place)).with_for_update()).one()
    items = connection.execute(sa.select(told_items).where(_of(told_items, place)))
    return Told(row.number, row.whole_at, row.delivery_id, {each.sku: _standing(each) for each in items})


def save_told(
    connection: sa.Connection,
    place: Place,
    items: Mapping[str, AdvisedItem],
    delivery_id: int,
    at: tuple[datetime, bool],
) -> None:
    """These products are in a delivery to that warehouse; `at` is when, and whether it is everything."""
    now, whole = at
    rows = [
        {
            **_named(place),
            "sku": sku,
            "vendor_product_id": item.vendor_product_id,
            "asin": item.asin,
            "told": item.eaches,
            "told_at": now,
            "delivery_id": delivery_id,
            "differs_at": now,
            "refused": "",
        }
        for sku, item in sorted(items.items())
    ]
    statement = insert(told_items)
    newer: dict[str, Any] = {
        name: statement.excluded[name]
        for name in ("vendor_product_id", "asin", "told", "told_at", "delivery_id", "refused")
    }
    newer["differs_at"] = sa.case(
        (told_items.c.accepted == statement.excluded.told, None),
        else_=sa.func.coalesce(told_items.c.differs_at, statement.excluded.differs_at),
    )
    keys = [*_PLACE, "sku"]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=newer), rows)
    values: dict[str, Any] = {"number": inventory_updates.c.number + 1, "delivery_id": delivery_id}
    if whole:
        values["whole_at"] = now
    connection.execute(sa.update(inventory_updates).where(_of(inventory_updates, place)).values(**values))


def list_delivery_items(connection: sa.Connection, delivery_id: int) -> dict[str, AdvisedItem]:
    """The products that were told last in a delivery, by SKU."""
    rows = connection.execute(sa.select(told_items).where(told_items.c.delivery_id == delivery_id))
    return {row.sku: _standing(row).told for row in rows}


def accept_told(connection: sa.Connection, place: Place, delivery_id: int, at: tuple[datetime, bool]) -> None:
    """The buyer accepted a delivery; `at` is when, and whether it was everything: then it holds none of what is not in it."""
    now, whole = at
    mine = sa.and_(_of(told_items, place), told_items.c.delivery_id == delivery_id)
    connection.execute(
        sa.update(told_items).where(mine).values(accepted=told_items.c.told, accepted_at=now, differs_at=None)
    )
    if whole:
        others = sa.and_(_of(told_items, place), told_items.c.delivery_id != delivery_id)
        connection.execute(sa.update(told_items).where(others).values(accepted=0, accepted_at=now, differs_at=None))


def forget_accepted(connection: sa.Connection, place: Place, skus: Collection[str] | None) -> None:
    """Nobody knows any more what the buyer holds of these products (None: of all)."""
    mine = _of(told_items, place)
    if skus is not None:
        mine = sa.and_(mine, among(told_items.c.sku, skus))
    connection.execute(sa.update(told_items).where(mine).values(accepted=None, accepted_at=None))


def tell_whole_again(connection: sa.Connection, place: Place) -> None:
    """The next update says everything."""
    connection.execute(sa.update(inventory_updates).where(_of(inventory_updates, place)).values(whole_at=None))


def refuse_items(connection: sa.Connection, place: Place, refused: Iterable[tuple[str, str]]) -> None:
    """The buyer refused these products, with its words."""
    for sku, words in refused:
        mine = sa.and_(_of(told_items, place), told_items.c.sku == sku)
        connection.execute(sa.update(told_items).where(mine).values(refused=words))


def forgive_items(connection: sa.Connection, place: Place, sku: str | None = None) -> None:
    """A refused product (None: every one) may be told again."""
    mine = _of(told_items, place)
    if sku is not None:
        mine = sa.and_(mine, told_items.c.sku == sku)
    connection.execute(sa.update(told_items).where(mine).values(refused=""))


def list_differing(connection: sa.Connection, place: Place, before: datetime) -> list[tuple[str, int, int | None]]:
    """(SKU, told, accepted) of what has been held otherwise since then or longer; of what is refused only what sells too much."""
    query = (
        sa.select(told_items.c.sku, told_items.c.told, told_items.c.accepted)
        .where(
            _of(told_items, place),
            told_items.c.differs_at <= before,
            sa.or_(told_items.c.refused == "", told_items.c.accepted > told_items.c.told),
        )
        .order_by(told_items.c.sku)
    )
    return [(row.sku, row.told, row.accepted) for row in connection.execute(query)]


def _named(place: Place) -> dict[str, str]:
    return dict(zip(_PLACE, place, strict=True))


def _of(table: sa.Table, place: Place) -> sa.ColumnElement[bool]:
    return sa.and_(*(table.c[name] == value for name, value in _named(place).items()))


def _standing(row: Any) -> Standing:
    return Standing(AdvisedItem(row.vendor_product_id, row.asin, row.told), row.accepted, row.refused)
