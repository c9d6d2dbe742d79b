"""Held: a negative quantity, which Amazon has been seen to send. Zero is a cancelled line and no case."""

from __future__ import annotations

from trueup.domain.cases import Resolution
from trueup.domain.hold import Held, Hold, LineFacts


def _look(facts: LineFacts) -> Held | None:
    if facts.line.ordered.amount >= 0:
        return None
    return Held("a quantity of zero or more", str(facts.line.ordered))


HOLD = Hold("quantity-negative", "Quantity is negative", 40, (Resolution.RETRY, Resolution.REJECT), _look)
