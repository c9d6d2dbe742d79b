"""What Amazon knows of a few of the vendor's products: sales, stock and a forecast, and a day that it tells otherwise later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from trueup.base.clock import write_instant

STORE = "ATVPDKIKX0DER"
DAYS_BACK, DAYS_AHEAD, WEEKS_AHEAD = 50, 4, 8
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RetailPlan:
    """The products by SKU and ASIN, every fact as Amazon is told it, and which day is restated: from what, to what, and when."""

    products: tuple[tuple[str, str], ...]
    facts: tuple[dict[str, Any], ...]
    restated: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        products = [{"sku": sku, "asin": asin} for sku, asin in self.products]
        return {"products": products, "facts": list(self.facts), "restated": self.restated}


def make_retail_plan(seed: int, start: datetime, vendor_code: str, products: Sequence[tuple[str, str]]) -> RetailPlan:
    """The facts of these products (SKU, ASIN) around a start, the same for the same seed."""
    chance = Random(f"retail {seed}")
    today = datetime.combine(start.date(), time(), UTC)
    facts: list[dict[str, Any]] = []

    def tell(asin: str, at: datetime, figures: dict[str, Any], **more: Any) -> None:
        of = {"marketplaceId": STORE, "vendorCode": vendor_code, "asin": asin}
        facts.append({**of, "at": f"{at:%Y-%m-%d}", "figures": figures, **more})

    for _, asin in products:
        on_hand = chance.randrange(120, 400)
        for ago in range(DAYS_BACK, -DAYS_AHEAD, -1):
            units = chance.randrange(1, 9)
            received = 60 if on_hand < 60 else 0
            on_hand += received - units
            tell(asin, today - ago * _DAY, _sold(units))
            tell(asin, today - ago * _DAY, _stocked(on_hand, received))
        sunday = today - (today.isoweekday() % 7) * _DAY
        for week in range(WEEKS_AHEAD):
            tell(asin, sunday + 7 * week * _DAY, _expected(Decimal(chance.randrange(40, 120)) / 4))
    day, told_at = today - _DAY, today + 2 * _DAY + timedelta(hours=20)
    asin = products[0][1]
    [before] = [
        fact["figures"]["shippedUnits"]
        for fact in facts
        if fact["asin"] == asin and fact["at"] == f"{day:%Y-%m-%d}" and fact["figures"]["type"] == "sales"
    ]
    tell(asin, day, _sold(before + 7), visibleAt=write_instant(told_at))
    restated = {"asin": asin, "day": f"{day:%Y-%m-%d}", "from": before, "to": before + 7, "at": write_instant(told_at)}
    return RetailPlan(tuple(products), tuple(facts), restated)


def _sold(units: int) -> dict[str, Any]:
    return {"type": "sales", "shippedUnits": units, "shippedRevenue": f"{20 * units}", "shippedCogs": f"{10 * units}"}


def _stocked(on_hand: int, received: int) -> dict[str, Any]:
    return {
        "type": "inventory",
        "sellableOnHandInventoryUnits": on_hand,
        "sellableOnHandInventoryCost": f"{10 * on_hand}",
        "openPurchaseOrderUnits": 6,
        "netReceivedInventoryUnits": received,
        "netReceivedInventoryCost": f"{10 * received}",
    }


def _expected(mean: Decimal) -> dict[str, Any]:
    names = ("meanForecastUnits", "p70ForecastUnits", "p80ForecastUnits", "p90ForecastUnits")
    return {"type": "forecast", **{name: f"{mean + 5 * place}" for place, name in enumerate(names)}}
