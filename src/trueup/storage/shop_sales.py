"""Orders of the shops in the database as they were seen last, and what the books hold of their deposits."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from trueup.domain.shop_sales import ShopSale
from trueup.storage.json_values import from_json, to_json
from trueup.storage.schema import metadata

shop_sales = sa.Table(
    "shop_sales",
    metadata,
    sa.Column("shop", sa.Text, primary_key=True),
    sa.Column("sale_id", sa.Text, primary_key=True),
    sa.Column("placed_on", sa.Date, nullable=False),
    sa.Column("moved_on", sa.Date, nullable=False),
    sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("body", JSONB, nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.Column("seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Index("ix_shop_sales_placed", "placed_on"),
    sa.Index("ix_shop_sales_moved", "moved_on"),
)
"""`moved_on`: the last day on which something of it was placed, paid or given back."""
deposits = sa.Table(
    "deposits",
    metadata,
    sa.Column("shop", sa.Text, primary_key=True),
    sa.Column("line_id", sa.Text, primary_key=True),
    sa.Column("sale_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("customer", sa.Text, nullable=False),
    sa.Column("left_on", sa.Date, nullable=False),
    sa.Column("currency", sa.CHAR(3), nullable=False),
    sa.Column("minor", sa.BigInteger, nullable=False),
    sa.Column("given_back_minor", sa.BigInteger, nullable=False),
    sa.Column("booked_minor", sa.BigInteger, nullable=False),
    sa.Column("bookings", sa.Integer, nullable=False),
    sa.Index("ix_deposits_held", "left_on", postgresql_where=sa.text("minor <> given_back_minor")),
)
"""`booked_minor`: what of it stands on the account of deposits."""


def are_news(connection: sa.Connection, shop: str, sales: Collection[ShopSale]) -> set[str]:
    """Ids of those of which this is not what was kept last: newer, or of the same second and another."""
    query = sa.select(shop_sales.c.sale_id, shop_sales.c.updated_at, shop_sales.c.body).where(
        shop_sales.c.shop == shop, shop_sales.c.sale_id.in_([sale.id for sale in sales])
    )
    known = {row.sale_id: row for row in connection.execute(query)}
    return {
        sale.id
        for sale in sales
        if (row := known.get(sale.id)) is None
        or row.updated_at < sale.updated_at
        or (row.updated_at == sale.updated_at and from_json(row.body, ShopSale) != sale)
    }


def save_sale(connection: sa.Connection, shop: str, sale: ShopSale, evidence: str, now: datetime) -> bool:
    """Keep an order as it is now; False when what is known is newer. Readings come late and doubled: the newest stands, and of
    one second the one that was read last."""
    days = [sale.placed_at, *(each.at for each in sale.payments), *(each.at for each in sale.refunds)]
    values = {
        "shop": shop,
        "sale_id": sale.id,
        "placed_on": sale.placed_at.date(),
        "moved_on": max(days).date(),
        "updated_at": sale.updated_at,
        "body": to_json(sale),
        "evidence": evidence,
        "seen_at": now,
    }
    fresh = {name: value for name, value in values.items() if name not in ("shop", "sale_id")}
    statement = (
        insert(shop_sales)
        .values(**values)
        .on_conflict_do_update(
            index_elements=["shop", "sale_id"], set_=fresh, where=shop_sales.c.updated_at <= sale.updated_at
        )
        .returning(shop_sales.c.sale_id)
    )
    return connection.execute(statement).first() is not None


def load_named_sales(connection: sa.Connection, sale_ids: Collection[str]) -> dict[str, ShopSale]:
    """Orders by their ids, those that are known."""
    query = sa.select(shop_sales.c.sale_id, shop_sales.c.body).where(shop_sales.c.sale_id.in_(sorted(sale_ids)))
    return {row.sale_id: from_json(row.body, ShopSale) for row in connection.execute(query)}


def load_sales(connection: sa.Connection, first: date, last: date) -> Iterator[tuple[str, ShopSale]]:
    """Orders of which something may have happened in a period: (shop, order)."""
    query = (
        sa.select(shop_sales.c.shop, shop_sales.c.body)
        .where(shop_sales.c.placed_on <= last, shop_sales.c.moved_on >= first)
        .order_by(shop_sales.c.shop, shop_sales.c.placed_on, shop_sales.c.sale_id)
    )
    for shop, body in connection.execute(query):
        yield shop, from_json(body, ShopSale)
