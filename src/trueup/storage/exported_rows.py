"""Rows of exports in the database: what a file says, written once line by line and read page by page, until it is taken in.

A file is as large as the shop, and in no order: levels stand anywhere after their items, variants of one SKU anywhere. Here the
database puts together what belongs together, and memory stays that of a page, also after a crash in the middle.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

import sqlalchemy as sa

from trueup.domain.catalog import Product
from trueup.domain.publishing import ShownStock
from trueup.storage.bulk import copy_rows
from trueup.storage.schema import metadata

_STATES = ("damaged", "quality_control", "safety_stock", "incoming")
_NUMBERS = ("available", "committed", "on_hand", "reserved", *_STATES)
_ROWS_A_COPY = 5000
_FACTS = ("sku", "title", "case_size", "gtin", "shop_variant", "shop_item", "tracked", "circular")

exported_stock = sa.Table(
    "exported_stock",
    metadata,
    sa.Column("export_id", sa.BigInteger, nullable=False),
    sa.Column("item", sa.Text, nullable=False),
    sa.Column("sku", sa.Text),
    sa.Column("tracked", sa.Boolean),
    sa.Column("location", sa.Text),
    *(sa.Column(name, sa.BigInteger) for name in _NUMBERS),
    sa.Index("ix_exported_stock_item", "export_id", "item"),
)
exported_products = sa.Table(
    "exported_products",
    metadata,
    sa.Column("export_id", sa.BigInteger, nullable=False),
    sa.Column("sku", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("case_size", sa.BigInteger),
    sa.Column("gtin", sa.Text),
    sa.Column("shop_variant", sa.Text),
    sa.Column("shop_item", sa.Text),
    sa.Column("tracked", sa.Boolean),
    sa.Column("circular", sa.Boolean, nullable=False),
    sa.Index("ix_exported_products_sku", "export_id", "sku"),
)


class StockRow(NamedTuple):
    """A line of a file of stock: an item with its SKU, or a level of an item with its place and its numbers, in eaches."""

    item: str
    sku: str | None = None
    tracked: bool | None = None
    location: str | None = None
    available: int | None = None
    committed: int | None = None
    on_hand: int | None = None
    reserved: int | None = None
    damaged: int | None = None
    quality_control: int | None = None
    safety_stock: int | None = None
    incoming: int | None = None


def save_stock(connection: sa.Connection, export_id: int, rows: Iterable[StockRow]) -> int:
    """Write the lines of a file of stock as they come; how many."""
    return _copy(connection, exported_stock.name, StockRow._fields, ((export_id, *row) for row in rows))


def save_products(connection: sa.Connection, export_id: int, rows: Iterable[Product]) -> int:
    """Write the lines of a file of products as they come; how many."""
    told = ((export_id, *(getattr(row, name) for name in _FACTS)) for row in rows)
    return _copy(connection, exported_products.name, _FACTS, told)


def _copy(connection: sa.Connection, table: str, columns: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> int:
    """So many at once: the rows may be read over the same connection, which cannot do both at a time."""
    count = 0
    while batch := list(islice(rows, _ROWS_A_COPY)):
        count += copy_rows(connection, table, ("export_id", *columns), batch)
    return count


class StockPage(NamedTuple):
    """Items of an export that a channel sells, in the order of their ids: after which, how many, at which of our places."""

    after: str
    limit: int
    places: Collection[str]


def load_stock(
    connection: sa.Connection, export: tuple[int, str, datetime], page: StockPage, *, whole: bool
) -> tuple[list[ShownStock], str | None]:
    """What an export (id, channel, as of when) shows of the items of a page, and from after which the next begins.

    Only what the channel's catalogue says it sells, under the id that it has there: another item may bear the same SKU. Of a file
    that is not whole only the levels that are in it: an item whose level is missing may have been cut off.
    """
    export_id, channel, as_of = export
    rows = connection.execute(
        _STOCK,
        {
            "id": export_id,
            "channel": channel,
            "after": page.after,
            "most": page.limit,
            "places": sorted(page.places),
        },
    ).all()
    shown = [
        ShownStock(
            row.sku,
            row.item,
            row.place,
            row.available or 0,
            row.committed or 0,
            row.on_hand or 0,
            row.reserved or 0,
            row.tracked,
            as_of,
            **{name: getattr(row, name) or 0 for name in _STATES},
        )
        for row in rows
        if row.place is not None and (whole or row.on_hand is not None)
    ]
    full = len({row.item for row in rows}) == page.limit
    return shown, rows[-1].item if full else None


_STOCK = sa.text("""
WITH page AS (
    SELECT DISTINCT ON (line.item) line.item, line.sku, line.tracked
    FROM trueup.exported_stock line
    JOIN trueup.shop_products sold ON sold.shop = :channel AND sold.item = line.item AND sold.sku = line.sku
        AND sold.gone_at IS NULL
    WHERE line.export_id = :id AND line.sku IS NOT NULL AND line.item > :after
    ORDER BY line.item LIMIT :most
)
SELECT DISTINCT ON (page.item, place) page.sku, page.item, place, page.tracked, level.available, level.committed, level.on_hand,
    level.reserved, level.damaged, level.quality_control, level.safety_stock, level.incoming
FROM page LEFT JOIN unnest(CAST(:places AS text[])) AS place ON true
LEFT JOIN trueup.exported_stock level ON level.export_id = :id AND level.item = page.item AND level.location = place
ORDER BY page.item, place
""")


def load_products(
    connection: sa.Connection, export_id: int, after: str, limit: int
) -> tuple[list[Product], str | None]:
    """The variants of so many SKUs of an export, in order of SKU, and from after which the next page begins: those that share
    a SKU are never torn apart."""
    table = exported_products
    mine = sa.and_(table.c.export_id == export_id, table.c.sku > after)
    distinct = sa.select(table.c.sku).where(mine).distinct().order_by(table.c.sku).limit(limit)
    skus = list(connection.execute(distinct).scalars())
    if not skus:
        return [], None
    query = sa.select(table).where(mine, table.c.sku <= skus[-1]).order_by(table.c.sku, table.c.shop_variant)
    found = [Product(**{name: row[name] for name in _FACTS}) for row in connection.execute(query).mappings()]
    return found, skus[-1] if len(skus) == limit else None


def forget_rows(connection: sa.Connection, export_id: int) -> None:
    """They are taken in, or never will be."""
    for table in (exported_stock, exported_products):
        connection.execute(sa.delete(table).where(table.c.export_id == export_id))
