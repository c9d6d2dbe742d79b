"""Held: the product's stock is counted nowhere we know: the shop does not track it, or Supercycle took it over.

Source of the rule: Supercycle's import marks a product `supercycle.supercycle_enabled` and stops Shopify counting it; a CSV
import has been seen to flip `tracked` back, so the metafield decides, not the flag.
"""

from __future__ import annotations

from trueup.domain.cases import Resolution
from trueup.domain.catalog import CountSource
from trueup.domain.hold import Held, Hold, LineFacts


def _look(facts: LineFacts) -> Held | None:
    if facts.units is None or facts.units.product.count_source is not CountSource.UNKNOWN:
        return None
    product = facts.units.product
    if product.circular:
        found = "taken over by Supercycle, which does not count new stock"
    elif product.tracked is None:
        found = "not found in the shop"
    else:
        found = "not tracked in the shop"
    return Held(f"a counted stock for {product.sku}, or a declared count source", found)


HOLD = Hold(
    "stock-uncounted",
    "Stock is counted nowhere",
    90,
    (Resolution.RETRY, Resolution.BACKORDER, Resolution.REJECT),
    _look,
)
