"""Publications of products that a channel sells no more, or again: what of ours stands there, and what is to be decided anew."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from trueup.storage.bulk import among
from trueup.storage.publications import publications
from trueup.storage.shop_products import IS_SOLD, shop_products


def unmark_products(connection: sa.Connection, channel: str, skus: Collection[str]) -> None:
    """The channel sells them no more: nothing of them waits to be written there."""
    marked = sa.and_(_are(channel, skus), publications.c.changed_since.is_not(None))
    connection.execute(sa.update(publications).where(marked).values(changed_since=None))


def load_published(connection: sa.Connection, channel: str, skus: Collection[str]) -> dict[str, list[str]]:
    """By SKU, in words, what of ours stands in a channel: counts that it took, and goods that are held there."""
    stands = sa.or_(publications.c.published.is_not(None), publications.c.held > 0)
    query = sa.select(publications).where(_are(channel, skus), stands)
    found: dict[str, list[str]] = {}
    for row in connection.execute(query.order_by(publications.c.sku, publications.c.location)).mappings():
        counted = [f"a count of {row['published']}"] if row["published"] is not None else []
        held = [f"{row['held']} held"] if row["held"] else []
        found.setdefault(row["sku"], []).append(f"{' with '.join(counted + held)} at {row['location']}")
    return found


def renew(connection: sa.Connection, channel: str, skus: Collection[str], now: datetime) -> int:
    """The channel sells these again, or under another id: how many are to be read and decided anew. Under another id it holds
    nothing of ours; under the same what it took is compared with."""
    same = publications.c.item == shop_products.c.item
    values = {
        "item": shop_products.c.item,
        "believed": None,
        "shown_at": None,
        "held": sa.case((same, publications.c.held), else_=0),
        "published": sa.case((same, publications.c.published), else_=None),
        "counted_at": sa.case((same, publications.c.counted_at), else_=None),
        "changes": publications.c.changes + 1,
        "changed_since": sa.func.coalesce(publications.c.changed_since, now),
    }
    sold = sa.and_(shop_products.c.shop == channel, shop_products.c.sku == publications.c.sku, IS_SOLD)
    known = sa.and_(sold, shop_products.c.item.is_not(None))
    return connection.execute(sa.update(publications).where(_are(channel, skus), known).values(values)).rowcount


def _are(channel: str, skus: Collection[str]) -> sa.ColumnElement[bool]:
    return sa.and_(publications.c.channel == channel, among(publications.c.sku, set(skus)))
