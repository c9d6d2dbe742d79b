"""Matcher: the line names a purchase order, and its amount is all that is open of one item of that order."""

from __future__ import annotations

from collections.abc import Iterator

from trueup.domain import evidence
from trueup.domain.evidence import Claimed, explain, is_part_of, whole
from trueup.domain.matcher import Candidate, Matcher, Part
from trueup.domain.open_items import Items, Lines

_NAME = "purchase-order-and-amount"


def _find(lines: Lines, items: Items) -> Iterator[Candidate]:
    for line in lines:
        for order in line.purchase_orders:
            own = items.by_purchase_order.get(order, ())
            equal = [item for item in own if item.open == line.settled]
            for item in equal[: evidence.MOST_ALIKE]:
                why = f"its amount is all that is open of {item.called}"
                yield explain(line, [whole(item)], items, Claimed(_NAME, evidence.PURCHASE_ORDER, why))
            if len(own) == 1 and own[0].open != line.settled and is_part_of(line.settled, own[0]):
                why = f"it may settle a part of {own[0].called}, the only item of its order"
                part = Part(own[0].key, line.settled)
                yield explain(line, [part], items, Claimed(_NAME, evidence.SUGGESTION, why))


MATCHER = Matcher(_NAME, 60, "an order has few invoices, so that an exact amount among them says which", _find)
