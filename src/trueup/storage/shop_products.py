"""Products as each shop sells them: the shop's own ids, and whether it counts them; a shop sells what its own catalogue shows.

What `products` says of the shop is made from these rows: whether any shop counts a product, and whether any has it taken over.
Two shops that both count the same goods at the same place count neither: each misses what the other sells.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from trueup.domain.catalog import Product
from trueup.storage.bulk import among
from trueup.storage.products import learn_packs, load_products, products, save_shop_words
from trueup.storage.schema import metadata

shop_products = sa.Table(
    "shop_products",
    metadata,
    sa.Column("shop", sa.Text, primary_key=True),
    sa.Column("sku", sa.Text, primary_key=True),
    sa.Column("variant", sa.Text),
    sa.Column("item", sa.Text),
    sa.Column("tracked", sa.Boolean),
    sa.Column("circular", sa.Boolean, nullable=False),
    sa.Column("seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.Column("gone_at", sa.TIMESTAMP(timezone=True)),
    sa.Index("ix_shop_products_sku", "sku"),
    sa.Index("ix_shop_products_gone", "shop", "sku", postgresql_where=sa.text("gone_at IS NOT NULL")),
    sa.Index("ix_shop_products_item", "shop", "item"),
    sa.Index("ix_shop_products_variant", "variant"),
)
_TOLD = ("variant", "item", "tracked", "circular", "seen_at", "evidence", "gone_at")
_AT_ONCE = 5000
IS_SOLD = shop_products.c.gone_at.is_(None)
"""Whether the shop's catalogue shows it still. Rows of what is gone say what its ids were."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A shop, and the shops that sell from a place that it sells from too."""

    shop: str
    others: frozenset[str] = frozenset()


def save_shop_products(
    connection: sa.Connection, shop: Neighbours, found: Iterable[Product], evidence: str, now: datetime
) -> list[str]:
    """What a shop says of its products as of a time: its ids, whether it counts them, whether Supercycle took over, and unknown
    packs. What it said later is known already, and stays.

    Returns the SKUs that a neighbour counts too: nobody's count holds of those, unless the item master declares a source.
    """
    rows = sorted(found, key=lambda product: product.sku)
    if not rows:
        return []
    statement = insert(shop_products)
    told = {name: statement.excluded[name] for name in _TOLD}
    values = [
        {
            "shop": shop.shop,
            "sku": each.sku,
            "variant": each.shop_variant,
            "item": each.shop_item,
            "tracked": each.tracked,
            "circular": each.circular,
            "seen_at": now,
            "evidence": evidence,
            "gone_at": None,
        }
        for each in rows
    ]
    seen_at = shop_products.c.seen_at  # one in the future is of a clock that was set back since
    newer = sa.or_(seen_at <= statement.excluded.seen_at, seen_at > sa.func.clock_timestamp())
    connection.execute(statement.on_conflict_do_update(index_elements=["shop", "sku"], set_=told, where=newer), values)
    twice = _say_together(connection, shop, rows, (evidence, now))
    learn_packs(connection, rows)
    return twice


def _say_together(
    connection: sa.Connection, shop: Neighbours, rows: Sequence[Product], told: tuple[str, datetime]
) -> list[str]:
    """What all shops together say of products is kept with each; returns the SKUs that a shop and a neighbour both count."""
    sold = _sold(connection, [each.sku for each in rows])
    twice = [each.sku for each in rows if _counting(sold.get(each.sku, ()), shop) > 1]
    merged = [_merged(each, sold.get(each.sku, []), each.sku in twice) for each in rows]
    save_shop_words(connection, merged, *told)
    return twice


def _sold(connection: sa.Connection, skus: Collection[str]) -> dict[str, list[Any]]:
    query = sa.select(shop_products).where(among(shop_products.c.sku, set(skus)), IS_SOLD)
    found: dict[str, list[Any]] = {}
    for row in connection.execute(query.order_by(shop_products.c.sku, shop_products.c.shop)):
        found.setdefault(row.sku, []).append(row)
    return found


def _counting(rows: Iterable[Any], shop: Neighbours) -> int:
    """Of this shop and its neighbours, how many count the product; a neighbour's count means nothing without this shop's."""
    counting = {row.shop for row in rows if row.tracked and not row.circular}
    return len(counting & {shop.shop, *shop.others}) if shop.shop in counting else 0


def _merged(product: Product, rows: list[Any], twice: bool) -> Product:
    """What all shops together say of it; the ids are those of the first shop by name that has it."""
    if not rows:
        return replace(product, shop_variant=None, shop_item=None, tracked=None)
    first = next((row for row in rows if row.item is not None), rows[0])
    said = [row.tracked for row in rows if row.tracked is not None]
    return replace(
        product,
        shop_variant=first.variant,
        shop_item=first.item,
        tracked=None if twice or not said else any(said),
        circular=any(row.circular for row in rows),
    )


def count_products(connection: sa.Connection, shop: str, most: int) -> int:
    """How many products a shop is known to sell; no more than `most` are counted."""
    query = sa.select(shop_products.c.sku).where(shop_products.c.shop == shop, IS_SOLD).limit(most)
    return int(connection.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one())


def count_unseen(connection: sa.Connection, shop: str, since: datetime) -> tuple[int, int]:
    """Of how many products that a shop sells nothing was told since then, and how many there are."""
    unseen = sa.func.count().filter(shop_products.c.seen_at < since)
    row = connection.execute(sa.select(unseen, sa.func.count()).where(shop_products.c.shop == shop, IS_SOLD)).one()
    return row[0], row[1]


def mark_gone(connection: sa.Connection, shop: Neighbours, since: datetime, told: tuple[str, datetime]) -> list[str]:
    """What a shop told nothing of since then it sells no more, as a reading of its catalogue (its evidence, when) says. Returns the
    SKUs."""
    unseen = sa.and_(shop_products.c.shop == shop.shop, shop_products.c.seen_at < since, IS_SOLD)
    marked = sa.update(shop_products).where(unseen).values(gone_at=told[1]).returning(shop_products.c.sku)
    gone = sorted(connection.execute(marked).scalars())
    for start in range(0, len(gone), _AT_ONCE):
        known = [product for product, _ in load_products(connection, gone[start : start + _AT_ONCE])]
        _say_together(connection, shop, known, told)
    return gone


def list_changed_ids(connection: sa.Connection, shop: str, found: Iterable[Product]) -> list[str]:
    """SKUs of these products that a shop sold no more, or sold under another id of its inventory, up to now."""
    told = {product.sku: product.shop_item for product in found}
    query = sa.select(shop_products.c.sku, shop_products.c.item, shop_products.c.gone_at).where(
        shop_products.c.shop == shop, among(shop_products.c.sku, told)
    )
    return sorted(
        row.sku
        for row in connection.execute(query)
        if row.gone_at is not None or (row.item is not None and told[row.sku] not in (None, row.item))
    )


def is_gone(channel: sa.ColumnElement[str], sku: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Whether a shop sells a product no more. One that it never sold is not gone."""
    return sa.exists().where(shop_products.c.shop == channel, shop_products.c.sku == sku, ~IS_SOLD)


def load_variants(connection: sa.Connection, shop: str, skus: Iterable[str], since: datetime) -> dict[str, str]:
    """A shop's variants of SKUs that it told of since then."""
    rows = connection.execute(
        sa.select(shop_products.c.sku, shop_products.c.variant).where(
            shop_products.c.shop == shop,
            among(shop_products.c.sku, skus),
            shop_products.c.seen_at >= since,
            shop_products.c.variant.is_not(None),
        )
    )
    return {row.sku: row.variant for row in rows}


def find_items(connection: sa.Connection, shop: str, items: Iterable[str]) -> list[tuple[str, str]]:
    """(SKU, item) of a shop's own ids of inventory items, by SKU."""
    query = sa.select(shop_products.c.sku, shop_products.c.item).where(
        shop_products.c.shop == shop, among(shop_products.c.item, set(items)), IS_SOLD
    )
    return [(row.sku, row.item) for row in connection.execute(query.order_by(shop_products.c.sku))]


def load_items(connection: sa.Connection, shop: str, skus: Iterable[str]) -> dict[str, str]:
    """By SKU, the inventory items of the products that a shop sells and that are one variant there."""
    rows = (row for rows in _sold(connection, set(skus)).values() for row in rows if row.shop == shop)
    return {row.sku: row.item for row in rows if row.item is not None}


def list_counted_items(connection: sa.Connection, shop: str, skus: Collection[str]) -> list[str]:
    """A shop's own ids of those products that it counts, or may."""
    rows = (row for rows in _sold(connection, skus).values() for row in rows if row.shop == shop)
    return sorted(row.item for row in rows if row.item is not None and row.tracked is not False)


def as_sold_in(connection: sa.Connection, shop: str, known: Iterable[Product]) -> dict[str, Product]:
    """By SKU, products with a shop's own ids, and whether that shop counts them; no ids where it does not sell them."""
    every = {product.sku: product for product in known}
    mine = {sku: row for sku, rows in _sold(connection, every).items() for row in rows if row.shop == shop}
    return {sku: _as_sold(product, mine.get(sku)) for sku, product in every.items()}


def _as_sold(product: Product, row: Any) -> Product:
    if row is None:
        return replace(product, shop_variant=None, shop_item=None)
    tracked = row.tracked if product.tracked is not None else None
    return replace(product, shop_variant=row.variant, shop_item=row.item, tracked=tracked)


def variants_of(connection: sa.Connection, skus: Collection[str]) -> dict[str, str]:
    """The SKU of every shop's variant of these products, gone ones too: a variant's id is nothing else's, ever."""
    query = sa.select(shop_products.c.variant, shop_products.c.sku).where(
        among(shop_products.c.sku, set(skus)), shop_products.c.variant.is_not(None)
    )
    return {row.variant: row.sku for row in connection.execute(query)}


def sold_at(channel: str, locations: sa.FromClause) -> sa.Select[Any]:
    """Channel, SKU, place and item of everything that a shop sells, at each of the places."""
    return (
        sa.select(sa.literal(channel), shop_products.c.sku, locations.c.location, shop_products.c.item)
        .select_from(shop_products.join(locations, sa.true()).join(products, products.c.sku == shop_products.c.sku))
        .where(shop_products.c.shop == channel, shop_products.c.item.is_not(None), IS_SOLD)
    )
