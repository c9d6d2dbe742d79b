"""A warehouse of Amazon's direct fulfillment programme: three products that Amazon's customers are sent from the vendor's place.

Sold in the vendor's shop as well. One is not in Amazon's catalogue of the warehouse at first; one answer is lost; two updates fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trueup.simulation.catalogue import WAREHOUSE, BuyerTerms

TERMS = BuyerTerms("amazon-us", "RIVDF", "USD", "each", "sp-api", Decimal(1))
CODE_OF_WAREHOUSE = "RVDF"
BUFFER, EVERY_MINUTES = 2, 180


@dataclass(frozen=True, slots=True)
class Sent:
    """A product that Amazon's customers are sent: `units` lie there at first, `price` is the shop's, `cost` what Amazon pays."""

    sku: str
    title: str
    asin: str
    units: int
    price: str
    cost: str


KETTLE = Sent("DF-KETTLE", "Whistling Kettle", "B0DFKETTL1", 60, "34.00", "17.50")
TRAY = Sent("DF-TRAY", "Serving Tray, walnut", "B0DFTRAY01", 40, "28.00", "13.20")
CLOCK = Sent("DF-CLOCK", "Mantel Clock", "B0DFCLOCK1", 25, "79.00", "41.00")
GOODS = (KETTLE, TRAY, CLOCK)
SKUS = frozenset(each.sku for each in GOODS)
SALES = ((1, 6, KETTLE, 5), (1, 21, TRAY, 4), (3, 1, KETTLE, 8), (3, 23, CLOCK, 3))
"""Day and hour at which the shop sells so many of a product."""
LOST_FROM, FAILING_FROM, MENDED_AT = (1, 20), (2, 23), (1, 2)
"""From when on the answer to the next update is lost, and the next two updates fail; when the catalogue is mended."""
FAILURE = "Something went wrong. Please try again."


def item_master() -> str:
    """The rows of the vendor's item master for these goods, as CSV."""
    rows = (
        f'{each.sku},"{each.title}",{TERMS.vendor_code},{each.asin},{each.cost},{TERMS.currency}\n' for each in GOODS
    )
    return "sku,title,vendor_code,asin,cost,currency\n" + "".join(rows)


def shop_products() -> list[dict[str, Any]]:
    """The same goods as the shop holds them: it counts them."""
    return [
        {
            "title": each.title,
            "vendor": "Riverside Wares",
            "variants": [{"sku": each.sku, "price": each.price, "tracked": True, "levels": {WAREHOUSE: each.units}}],
        }
        for each in GOODS
    ]


def catalogue_of(*goods: Sent) -> list[dict[str, Any]]:
    """What Amazon has mapped of these for the warehouse."""
    items = [{"asin": each.asin, "vendor_product_id": each.sku} for each in goods]
    return [{"vendor_code": TERMS.vendor_code, "warehouse": CODE_OF_WAREHOUSE, "items": items}]


def plan_json() -> dict[str, Any]:
    """What the auditor is told of it."""
    names = ("sku", "asin", "units", "cost")
    return {
        "goods": [{name: getattr(each, name) for name in names} for each in GOODS],
        "buffer": BUFFER,
        "every_minutes": EVERY_MINUTES,
        "unmapped": CLOCK.sku,
        "failing": FAILURE,
    }
