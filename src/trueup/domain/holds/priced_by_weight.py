"""Held: a price for a unit of weight, where we sell and count pieces: nobody can say what a piece of the line costs.

Source: SP-API `netCost.unitOfMeasure` (POUNDS, OUNCES, GRAMS, KILOGRAMS) of goods that are invoiced by what they weigh.
It cannot be accepted here: no price stands for an each in the shop or on an invoice. Answer it at Amazon, or later.
"""

from __future__ import annotations

from trueup.domain.cases import Resolution
from trueup.domain.hold import Held, Hold, LineFacts


def _look(facts: LineFacts) -> Held | None:
    line = facts.line
    if not line.priced_by:
        return None
    price = line.net_cost or line.list_price
    return Held("a price for each piece", f"{price or 'a price'} per {line.priced_by.lower()}")


HOLD = Hold(
    "priced-by-weight",
    "Priced by weight",
    65,
    (Resolution.RETRY, Resolution.BACKORDER, Resolution.REJECT),
    _look,
)
