"""Uncounted stock: a product that Supercycle took over and wholesale sells, whose new goods nobody counts, is a case at once.

Not only when it is ordered: by then an answer is due within a day. The case ends when the item master says who counts it.
"""

from __future__ import annotations

from collections.abc import Collection

from trueup.domain.catalog import CountSource
from trueup.domain.count_sources import COUNTED_TWICE, UNCOUNTED, counted_twice_case, uncounted_case
from trueup.storage import cases, products
from trueup.storage.shop_products import Neighbours
from trueup.workflows.world import Tx


def tell_uncounted(tx: Tx, skus: Collection[str]) -> None:
    """Open the cases of those that nobody counts, and close those of products that somebody counts by now."""
    standing = cases.open_subjects(tx.connection, UNCOUNTED)
    known = products.load_products(tx.connection, skus)
    for product, listings in known:
        uncounted = product.circular and product.count_source is CountSource.UNKNOWN and not product.obsolete
        subject = f"product {product.sku}"
        if uncounted and listings:
            cost = next((listing.cost for listing in listings if listing.cost), None)
            cases.open_case(tx.connection, uncounted_case(product, cost.times(1) if cost else None), tx.now)
        elif subject in standing:
            cases.close_case(tx.connection, UNCOUNTED, subject, why="it is counted now", now=tx.now)


def tell_counted_twice(tx: Tx, shop: Neighbours, skus: Collection[str], twice: Collection[str]) -> None:
    """Open the cases of those that a shop and a neighbour of it both count, and close those of products that only one does."""
    standing = cases.open_subjects(tx.connection, COUNTED_TWICE)
    for product, _ in products.load_products(tx.connection, twice):
        if product.count_source is CountSource.UNKNOWN and not product.obsolete:
            cases.open_case(tx.connection, counted_twice_case(product, (shop.shop, *sorted(shop.others))), tx.now)
    for sku in set(skus) - set(twice):
        if (subject := f"product {sku}") in standing:
            cases.close_case(tx.connection, COUNTED_TWICE, subject, why="one shop counts it now", now=tx.now)
