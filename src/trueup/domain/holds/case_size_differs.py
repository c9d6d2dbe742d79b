"""Held: Amazon's case holds another number of eaches than ours, so nobody can say how many pieces were ordered."""

from __future__ import annotations

from trueup.base.quantity import Unit
from trueup.domain.cases import Resolution
from trueup.domain.hold import Held, Hold, LineFacts


def _look(facts: LineFacts) -> Held | None:
    ordered = facts.line.ordered
    if facts.units is None or ordered.unit is not Unit.CASE:
        return None
    ours, theirs = facts.units.product.case_size, ordered.unit_size
    if ours is None and theirs is None:
        return Held("a case size in the item master or on the order", "none in either")
    if ours is None:
        return Held(
            f"a case size in the item master for {facts.units.product.sku}", f"none; Amazon's case holds {theirs}"
        )
    if theirs is None or theirs == ours:
        return None
    return Held(f"cases of {ours} eaches", f"cases of {theirs} eaches")


HOLD = Hold(
    "case-size-differs",
    "Case size differs",
    50,
    (Resolution.RETRY, Resolution.ACCEPT_AS_ORDERED, Resolution.BACKORDER, Resolution.REJECT),
    _look,
)
