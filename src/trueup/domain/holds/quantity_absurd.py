"""Held: a quantity far beyond everything ever ordered of the product: a slipped digit, or a test order."""

from __future__ import annotations

from trueup.domain.cases import Resolution
from trueup.domain.hold import Held, Hold, LineFacts


def _look(facts: LineFacts) -> Held | None:
    if facts.units is None:
        return None
    terms = facts.agreement
    if facts.largest_before:
        limit = terms.absurd_factor * facts.largest_before
        reason = f"at most {limit} eaches ({terms.absurd_factor} times the largest line before, {facts.largest_before})"
    else:
        limit = terms.absurd_floor_eaches
        reason = f"at most {limit} eaches (no order of the product before)"
    return Held(reason, f"{facts.units.eaches} eaches") if facts.units.eaches > limit else None


HOLD = Hold(
    "quantity-absurd",
    "Quantity is absurd",
    80,
    (Resolution.ACCEPT_AS_ORDERED, Resolution.BACKORDER, Resolution.REJECT),
    _look,
)
