"""The goods of the demonstration's circular programme and of its own shelf: few, with names that the documents can speak of.

Amazon orders them under a vendor code of their own, whose agreement has ring-fences.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trueup.simulation.catalogue import WAREHOUSE, BuyerTerms

TERMS = BuyerTerms("amazon-us", "RIVRE", "USD", "each", "sp-api", Decimal(1))
BY_ITEMS, BY_WAREHOUSE, BY_SHOP, BY_NOBODY = "supercycle", "warehouse", "the shop", ""


@dataclass(frozen=True, slots=True)
class Goods:
    """A product. `counted_by`: who counts it once Supercycle has taken over what is its own; `price` is what a customer pays (to
    rent it, where it is rented), `cost` what Amazon does."""

    sku: str
    title: str
    asin: str
    counted_by: str
    units: int
    price: str
    cost: str

    @property
    def rented(self) -> bool:
        """Whether Supercycle imports it."""
        return self.counted_by in (BY_ITEMS, BY_NOBODY)

    @property
    def declared_source(self) -> str:
        """What the item master says of who counts it; nothing where the shop does."""
        return "" if self.counted_by == BY_SHOP else self.counted_by

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        names = ("sku", "counted_by", "units", "cost", "rented")
        return {name: getattr(self, name) for name in names}


TENT = Goods("RE-TENT", "Canvas Tent for four", "B0RETENT01", BY_ITEMS, 5, "48.00", "210.00")
BIKE = Goods("RE-BIKE", "Cargo Bike", "B0REBIKE01", BY_ITEMS, 3, "65.00", "1150.00")
KAYAK = Goods("RE-KAYAK", "Touring Kayak", "B0REKAYAK1", BY_ITEMS, 4, "54.00", "620.00")
STOVE = Goods("RE-STOVE", "Camping Stove", "B0RESTOVE1", BY_NOBODY, 4, "12.00", "31.00")
VASE = Goods("RE-VASE", "Wheel-thrown Vase", "B0REVASE01", BY_WAREHOUSE, 30, "39.00", "16.50")
BOWL = Goods("RE-BOWL", "Salad Bowl, second quality", "B0REBOWL01", BY_WAREHOUSE, 24, "22.00", "9.80")
LAMP = Goods("RE-LAMP", "Reading Lamp, refurbished", "B0RELAMP01", BY_WAREHOUSE, 18, "59.00", "27.40")
ROPE = Goods("RE-ROPE", "Guy Rope, 20 m", "B0REROPE01", BY_SHOP, 40, "19.00", "7.60")
GOODS = (TENT, BIKE, KAYAK, STOVE, VASE, BOWL, LAMP, ROPE)
SKUS = frozenset(goods.sku for goods in GOODS)
NEW, USED = "Unused", "Used"
"""Two of Supercycle's conditions; Amazon buys the first alone."""
WORTH = "95.00 USD"
"""What one unit earns in the programme, as the agreement's fence says."""


def item_master() -> str:
    """The rows of the vendor's item master for these goods, as CSV; who counts the stove is not said."""
    head = "sku,title,vendor_code,asin,cost,currency,declared_source\n"
    rows = (
        f'{each.sku},"{each.title}",{TERMS.vendor_code},{each.asin},{each.cost},{TERMS.currency},{each.declared_source}\n'
        for each in GOODS
    )
    return head + "".join(rows)


def shop_products() -> list[dict[str, Any]]:
    """The same goods as the shop holds them before Supercycle imports any: it counts them all."""
    return [
        {
            "title": each.title,
            "vendor": "Riverside Wares",
            "variants": [
                {"sku": each.sku, "price": each.price, "tracked": True, "levels": {WAREHOUSE: each.units}},
            ],
        }
        for each in GOODS
    ]
