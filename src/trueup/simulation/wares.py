"""Wares of the simulated vendor that are sold in its shop and to Amazon, as the item master and the shop have them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from trueup.simulation.catalogue import WAREHOUSE, BuyerTerms


@dataclass(frozen=True, slots=True)
class Ware:
    """A product: `units` lie in the warehouse at first, `cost` is what Amazon pays for a piece, `price` is the shop's."""

    sku: str
    title: str
    asin: str
    units: int
    cost: str
    price: str


def item_master(wares: Iterable[Ware], terms: BuyerTerms) -> str:
    """The rows of the vendor's item master for these, as CSV."""
    rows = (
        f'{each.sku},"{each.title}",{terms.vendor_code},{each.asin},{each.cost},{terms.currency}\n' for each in wares
    )
    return "sku,title,vendor_code,asin,cost,currency\n" + "".join(rows)


def shop_products(wares: Iterable[Ware]) -> list[dict[str, Any]]:
    """The same as the shop holds them: it counts them."""
    return [
        {
            "title": each.title,
            "vendor": "Riverside Wares",
            "variants": [{"sku": each.sku, "price": each.price, "tracked": True, "levels": {WAREHOUSE: each.units}}],
        }
        for each in wares
    ]
