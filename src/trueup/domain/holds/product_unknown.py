"""Held: no product, or more than one, answers to the identifiers on the line."""

from __future__ import annotations

from trueup.domain.cases import Resolution
from trueup.domain.hold import Held, Hold, LineFacts


def _look(facts: LineFacts) -> Held | None:
    if len(facts.candidates) == 1:
        return None
    names = [facts.line.asin or "no ASIN", *(f"{qualifier} {code}" for qualifier, code in facts.line.product_ids)]
    wanted = f"one product listed for vendor code {facts.order.vendor_code}"
    if not facts.candidates:
        return Held(wanted, f"none for {', '.join(names)}")
    skus = ", ".join(product.sku for product, _ in facts.candidates)
    return Held(wanted, f"{len(facts.candidates)} for {', '.join(names)}: {skus}")


HOLD = Hold(
    "product-unknown", "Product unknown", 10, (Resolution.RETRY, Resolution.REJECT, Resolution.BACKORDER), _look
)
