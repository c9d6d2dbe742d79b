"""Uncounted stock: a product that Supercycle took over and wholesale sells, whose new goods nobody counts, is a case at once.

Not only when it is ordered: by then an answer is due within a day. The case ends when the item master says who counts it.
"""

from __future__ import annotations

from collections.abc import Collection

from trueup.domain.catalog import CountSource
from trueup.domain.count_sources import UNCOUNTED, uncounted_case
from trueup.storage import cases, products
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
