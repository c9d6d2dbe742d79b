"""Products as the console lists and finds them: by SKU, title, ASIN or GTIN, paged by key."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from trueup.storage.products import listings, load_products, products
from trueup.storage.views.paging import Order, Paged, fetch_page
from trueup.storage.views.products import product_json


def page_products(connection: sa.Connection, *, words: str = "", at: str = "", limit: int = 50) -> Paged:
    """Products in the order of their SKUs, those with these words in SKU, title, ASIN or GTIN."""
    query = sa.select(products.c.sku)
    if words:
        query = query.where(_matches(words))
    paged = fetch_page(connection, query, Order((products.c.sku,)), at, limit)
    found = {
        product.sku: (product, known)
        for product, known in load_products(connection, [row["sku"] for row in paged.rows])
    }
    rows = [product_json(*found[row["sku"]]) for row in paged.rows]
    return Paged(rows, paged.before, paged.after)


def find_products(connection: sa.Connection, words: str, *, limit: int = 6) -> list[dict[str, Any]]:
    """Products that a search means, the exact ones first, each with `why` it matched."""
    wanted = words.strip().upper()
    asin = sa.select(listings.c.asin).where(listings.c.sku == products.c.sku, listings.c.asin == wanted).limit(1)
    why = sa.case(
        (sa.func.upper(products.c.sku) == wanted, "its SKU"),
        (asin.scalar_subquery().is_not(None), "its ASIN"),
        (products.c.gtin == wanted, "its GTIN"),
        else_="in its name",
    ).label("why")
    query = sa.select(products.c.sku, products.c.title, why).where(_matches(words))
    query = query.order_by(why.desc(), products.c.sku).limit(limit)
    return [dict(row) for row in connection.execute(query).mappings()]


def _matches(words: str) -> sa.ColumnElement[bool]:
    text = sa.func.concat_ws(" ", products.c.sku, products.c.title, products.c.gtin)
    listed = sa.exists().where(listings.c.sku == products.c.sku, listings.c.asin == words.strip().upper())
    return sa.or_(text.icontains(words.strip(), autoescape=True), listed)
