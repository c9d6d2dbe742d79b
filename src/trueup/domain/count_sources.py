"""Count sources: the rule by which a product's stock is counted, in words a merchant can check, and the case where none is.

Shopify counts what it tracks. Supercycle counts the items it was given, one by one, of the products it took over; the shop
stops counting those. New goods of such a product lie in boxes: neither system counts them, so somebody has to say who does.
Source: Supercycle's documentation of importing ("inventory management for that product is disabled"), and of line items (a
line without a cycle is not processed).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from trueup.base.money import Money
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.catalog import CountSource, Product

UNCOUNTED = "stock.uncounted"
COUNTED_TWICE = "stock.counted-twice"


def rule_of(product: Product) -> str:
    """Who counts the product, and why they do, in one sentence."""
    match product.count_source:
        case CountSource.SHOP:
            return "The shop counts it: it tracks the product, and Supercycle has not taken it over."
        case CountSource.DECLARED:
            return f"{product.declared_source} counts it, as the item master says; its counts are declared to Trueup."
        case CountSource.ITEMS:
            return "Supercycle counts it item by item, and the item master says that there are no others."
        case CountSource.UNKNOWN:
            return f"Nobody counts it: {_why_nobody(product)}. Nothing of it is promised or published."
        case _ as never:
            assert_never(never)


def _why_nobody(product: Product) -> str:
    if product.circular:
        return "Supercycle took it over, so the shop counts it no more, and Supercycle knows of its own items only"
    if product.tracked is None and product.shop_item is not None:
        return "two shops count it at one place, and each misses what the other sells"
    if product.tracked is None:
        return "it was not found in the shop"
    return "the shop does not track it"


def uncounted_case(product: Product, worth: Money | None) -> CaseDraft:
    """The case of a product that Supercycle took over and for whose new stock no count is declared. `worth`: of one each."""
    return CaseDraft(
        kind=UNCOUNTED,
        subject=f"product {product.sku}",
        title=f"New stock of {product.sku} is counted by nobody: {_why_nobody(product)}",
        expected='declared_source in the item master: a warehouse whose counts are declared, or "supercycle" if items are all',
        found="no declared count source",
        money_at_risk=worth,
        deadline=None,
        owner="e-commerce",
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
    )


def counted_twice_case(product: Product, shops: Sequence[str]) -> CaseDraft:
    """The case of a product that several shops count at a place they share: none is believed until one alone does."""
    return CaseDraft(
        kind=COUNTED_TWICE,
        subject=f"product {product.sku}",
        title=f"{product.sku} is counted by more than one shop at the same place; nothing of it is promised",
        expected="one count: tracking turned off in all shops but one, or declared_source in the item master",
        found=f"two or more of {', '.join(shops)} track it",
        money_at_risk=None,
        deadline=None,
        owner="e-commerce",
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
    )
