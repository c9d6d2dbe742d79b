"""Held: the cost on the line is not the agreed cost within the agreement's tolerance, or there is none to compare."""

from __future__ import annotations

from fractions import Fraction

from trueup.domain.cases import Resolution
from trueup.domain.hold import Held, Hold, LineFacts
from trueup.domain.units import agreed_each_cost


def _look(facts: LineFacts) -> Held | None:
    if facts.units is None or facts.line.priced_by:
        return None  # a price by weight is no cost to compare; it has a rule of its own
    listing, terms = facts.units.listing, facts.agreement
    agreed = agreed_each_cost(listing, facts.line, facts.units.product, terms)
    if agreed is None or listing.cost is None:
        return Held(f"an agreed cost for {listing.sku} with {listing.vendor_code}", f"none; ordered at {_shown(facts)}")
    expected = f"{_decimal(agreed)} {listing.cost.currency} per each"
    if facts.units.each_cost is None:
        return Held(expected, "no cost on the line")
    if facts.units.currency != listing.cost.currency:
        return Held(expected, _shown(facts))
    tolerance = max(Fraction(terms.cost_tolerance), agreed * Fraction(terms.cost_tolerance_percent) / 100)
    if abs(facts.units.each_cost - agreed) <= tolerance:
        return None
    return Held(expected, _shown(facts))


def _shown(facts: LineFacts) -> str:
    units = facts.units
    if units is None or units.each_cost is None:
        return "no cost"
    return f"{_decimal(units.each_cost)} {units.currency} per each"


def _decimal(value: Fraction) -> str:
    """Four places are enough to see a difference; the comparison itself is exact."""
    scaled = round(value * 10_000)
    text = f"{abs(scaled) // 10_000}.{abs(scaled) % 10_000:04d}"
    while text.endswith("0") and len(text.split(".")[1]) > 2:
        text = text[:-1]
    return f"-{text}" if scaled < 0 else text


HOLD = Hold(
    "cost-differs",
    "Cost differs",
    70,
    (Resolution.ACCEPT_AS_ORDERED, Resolution.BACKORDER, Resolution.REJECT, Resolution.RETRY),
    _look,
)
