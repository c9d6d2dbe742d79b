"""The item master to look at: products with their packs, listings, agreed costs, and where their stock is counted."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from trueup.domain.catalog import Listing, Product
from trueup.storage.products import list_products as rows_of
from trueup.storage.products import listings, products, walk_products
from trueup.storage.views.paging import count_up_to

walk_items = walk_products
"""The whole item master as its file has it."""


def list_products(connection: sa.Connection, *, after: str = "", limit: int = 50) -> list[dict[str, Any]]:
    """Products in the order of their SKUs, from after one."""
    return [product_json(product, listings) for product, listings in rows_of(connection, after=after, limit=limit)]


def count_items(connection: sa.Connection, most: int) -> tuple[int, bool]:
    """How many rows the whole master has, counted up to `most`, and whether there are more."""
    every = sa.select(products.c.sku).outerjoin(listings, listings.c.sku == products.c.sku)
    return count_up_to(connection, every, most)


def list_circular_skus(connection: sa.Connection, limit: int = 500) -> list[tuple[str, str]]:
    """(SKU, title) of products that a circular programme took over, by SKU."""
    query = sa.select(products.c.sku, products.c.title).where(products.c.circular, sa.not_(products.c.obsolete))
    return [(row.sku, row.title) for row in connection.execute(query.order_by(products.c.sku).limit(limit))]


def product_json(product: Product, listings: list[Listing]) -> dict[str, Any]:
    """A product as plain JSON. A cost is exact: text, never a number with a binary point."""
    return {
        "sku": product.sku,
        "title": product.title,
        "case_size": product.case_size,
        "gtin": product.gtin,
        "counted_by": product.count_source.value,
        "declared_source": product.declared_source,
        "obsolete": product.obsolete,
        "in_shop": product.shop_variant is not None,
        "shop_variant": product.shop_variant,
        "listings": [
            {
                "vendor_code": listing.vendor_code,
                "asin": listing.asin,
                "vendor_product_id": listing.vendor_product_id,
                "cost": f"{listing.cost.value:f}" if listing.cost else None,
                "currency": listing.cost.currency if listing.cost else None,
            }
            for listing in listings
        ],
    }
