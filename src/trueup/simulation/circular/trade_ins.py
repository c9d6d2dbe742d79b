"""What customers trade in during the simulated week: three items, of which one is credited by gift card, one by store credit, and
one is not taken."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trueup.simulation.circular.goods import BIKE, TENT, Goods

CARA, DAN = "Cara Nunes", "Dan Okoye"
CUSTOMERS = (CARA, DAN)
PERCENT = {"good": 100, "worn": 60, "broken": 0}
"""What a condition is worth of what was quoted."""


@dataclass(frozen=True, slots=True)
class TradedIn:
    """An item as it is told and as it turns out to be. `credited_as`: gift-card, store-credit, or "" for what is not taken."""

    key: str
    goods: Goods
    serial: str
    quote: str
    customer: str
    grade: str
    credited_as: str

    @property
    def worth(self) -> Decimal:
        """What is owed for it, in dollars."""
        return Decimal(self.quote) * PERCENT[self.grade] / 100

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "key": self.key,
            "sku": self.goods.sku,
            "serial": self.serial,
            "quote": self.quote,
            "customer": self.customer,
            "worth": f"{self.worth:.2f}",
            "credited_as": self.credited_as,
        }


TRADE_INS = (
    TradedIn("T-1001", TENT, "TN-0042", "80.00", CARA, "good", "gift-card"),
    TradedIn("T-1002", BIKE, "CB-0007", "300.00", DAN, "worn", "store-credit"),
    TradedIn("T-1003", TENT, "TN-0099", "70.00", CARA, "broken", ""),
)
