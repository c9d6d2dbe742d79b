"""Matcher: all lines of a purchase order settle all items of it, cut otherwise than we billed."""

from __future__ import annotations

from collections.abc import Iterator

from trueup.domain import evidence
from trueup.domain.evidence import whole
from trueup.domain.matcher import Candidate, Matcher
from trueup.domain.open_items import Items, Lines

_NAME = "purchase-order-total"


def _find(lines: Lines, items: Items) -> Iterator[Candidate]:
    for order, group in sorted(lines.by_purchase_order.items()):
        own = items.by_purchase_order.get(order, ())
        amounts = [line.settled for line in group] + [item.open for item in own]
        if len(group) < 2 or len(own) < 2 or (min(amounts) < 0) == (max(amounts) > 0):
            continue
        if sum(line.settled for line in group) == sum(item.open for item in own):
            why = f"the {len(group)} lines of order {order} come to all that is open of its {len(own)} items."
            numbers = tuple(line.number for line in group)
            score = evidence.SUM_OF_ORDER * len(group)
            yield Candidate(numbers, tuple(map(whole, own)), _NAME, score, why)


MATCHER = Matcher(_NAME, 70, "totals of an order agree even where its invoices were merged or split", _find)
