"""A warehouse of Amazon's direct fulfillment programme: three products that Amazon's customers are sent from the vendor's place.

Sold in the vendor's shop as well. One is not in Amazon's catalogue of the warehouse at first; one answer is lost; two updates fail.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from trueup.simulation.catalogue import BuyerTerms
from trueup.simulation.wares import Ware

TERMS = BuyerTerms("amazon-us", "RIVDF", "USD", "each", "sp-api", Decimal(1))
CODE_OF_WAREHOUSE = "RVDF"
BUFFER, EVERY_MINUTES = 2, 180


KETTLE = Ware("DF-KETTLE", "Whistling Kettle", "B0DFKETTL1", 60, "17.50", "34.00")
TRAY = Ware("DF-TRAY", "Serving Tray, walnut", "B0DFTRAY01", 40, "13.20", "28.00")
CLOCK = Ware("DF-CLOCK", "Mantel Clock", "B0DFCLOCK1", 25, "41.00", "79.00")
GOODS = (KETTLE, TRAY, CLOCK)
SKUS = frozenset(each.sku for each in GOODS)
SALES = ((1, 6, KETTLE, 5), (1, 21, TRAY, 4), (3, 1, KETTLE, 8), (3, 23, CLOCK, 3))
"""Day and hour at which the shop sells so many of a product."""
LOST_FROM, FAILING_FROM, MENDED_AT = (1, 20), (2, 23), (1, 2)
"""From when on the answer to the next update is lost, and the next two updates fail; when the catalogue is mended."""
FAILURE = "Something went wrong. Please try again."


def catalogue_of(*goods: Ware) -> list[dict[str, Any]]:
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
