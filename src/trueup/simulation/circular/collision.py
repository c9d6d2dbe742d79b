"""The rental that collides with a purchase order: Amazon wants four of five tents, of which a customer has just booked one and
another customer has one for later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from trueup.simulation.circular.goods import TENT, TERMS, WORTH
from trueup.simulation.happenings import Line, Order

NUMBER = "4RETENTS"
WANTED = 4
CAME_BACK, SERIAL = 2, "TN-0207"
"""How many of them Amazon sends back at its dock, and the serial that one of them bears."""


@dataclass(frozen=True, slots=True)
class Collision:
    """What the auditor is told of it: who wants how many units, and what each is worth to whom."""

    number: str = NUMBER
    sku: str = TENT.sku
    wanted: int = WANTED
    cost: str = TENT.cost
    worth: str = WORTH.split()[0]
    came_back: int = CAME_BACK
    serial: str = SERIAL

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        names = ("number", "sku", "wanted", "cost", "worth", "came_back", "serial")
        return {name: getattr(self, name) for name in names}


def order_of_tents(placed_at: datetime) -> Order:
    """The purchase order."""
    opens = (placed_at + timedelta(days=1)).replace(hour=0, minute=0)
    window = (opens, opens + timedelta(days=8))
    order = Order(NUMBER, TERMS.partner, TERMS.vendor_code, TERMS.currency, TERMS.route, placed_at, "collision", window)
    order.lines.append(Line(1, TENT.asin, TENT.sku, WANTED, "Eaches", 1, Decimal(TENT.cost)))
    return order
