"""The vendor of the simulated world: some two hundred products with packs, prices, buyers' identifiers, and stock in two places."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from random import Random
from typing import Any

WAREHOUSE, ANNEX = "Riverside warehouse", "Harbour annex"
PRODUCTS = 200
SET_ASIDE = "a scenario"
_SET_ASIDE_COUNT = 50
_CENT = Decimal("0.01")
_PACKS = (1, 4, 6, 6, 12, 12, 24)
_MAKES = ("Alder", "Birch", "Cedar", "Dune", "Ember", "Fjord", "Grove", "Heath", "Isle", "Juniper")
_THINGS: tuple[tuple[str, str, str], ...] = (
    ("Enamel Mug 350 ml", "MUG", "4.20"),
    ("Cast Iron Skillet 26 cm", "SKL", "16.80"),
    ("Linen Tea Towel", "TWL", "3.15"),
    ("Beech Chopping Board", "BRD", "9.40"),
    ("Glass Storage Jar 1 l", "JAR", "4.95"),
    ("Stoneware Bowl 16 cm", "BWL", "5.60"),
    ("Steel Water Bottle 750 ml", "BTL", "8.25"),
    ("Pepper Mill", "MIL", "11.30"),
    ("Wool Throw 130 x 170", "THR", "27.90"),
    ("Beeswax Candle", "CND", "2.85"),
    ("Brass Corkscrew", "CRK", "7.75"),
    ("Cotton Apron", "APR", "8.90"),
    ("Bread Tin 30 cm", "TIN", "6.35"),
    ("Tea Strainer", "STR", "3.60"),
    ("Salad Servers", "SRV", "6.10"),
    ("Moka Pot 6 cups", "MOK", "13.45"),
    ("Kitchen Scale", "SCL", "14.20"),
    ("Dish Brush", "BSH", "2.40"),
    ("Fruit Basket", "BSK", "10.75"),
    ("Egg Timer", "TMR", "4.05"),
)


@dataclass(frozen=True, slots=True)
class BuyerTerms:
    """What the vendor agreed with one of its buyer's vendor codes, as the simulated world needs it."""

    partner: str
    vendor_code: str
    currency: str
    cost_basis: str
    route: str
    factor: Decimal


TERMS = (
    BuyerTerms("amazon-us", "RIVR1", "USD", "each", "sp-api", Decimal("1.00")),
    BuyerTerms("amazon-us", "RIVR2", "USD", "case", "sp-api", Decimal("0.98")),
    BuyerTerms("amazon-de", "RIVDE", "EUR", "each", "sp-api", Decimal("0.93")),
    BuyerTerms("amazon-edi", "RIVED", "USD", "each", "edi", Decimal("1.02")),
)


@dataclass(slots=True)
class Product:
    """A product: `costs` by vendor code on that code's cost basis, `levels` by place; a case of `pack` eaches."""

    sku: str
    title: str
    gtin: str
    asin: str
    pack: int
    price: Decimal
    costs: dict[str, Decimal]
    levels: dict[str, int]
    tracked: bool = True
    circular: bool = False
    kept_for: str = ""
    """The scenario it is set aside for; ordinary orders and shoppers leave it alone."""

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "sku": self.sku,
            "title": self.title,
            "gtin": self.gtin,
            "asin": self.asin,
            "pack": self.pack,
            "price": str(self.price),
            "costs": {code: str(cost) for code, cost in self.costs.items()},
            "levels": dict(self.levels),
            "tracked": self.tracked,
            "circular": self.circular,
            "kept_for": self.kept_for,
        }


def make_products(chance: Random) -> list[Product]:
    """All products, the same for the same chance."""
    pairs = [(make, thing) for thing in _THINGS for make in _MAKES]
    chance.shuffle(pairs)
    products = [_product(number, make, thing, chance) for number, (make, thing) in enumerate(pairs[:PRODUCTS], 1)]
    for product in chance.sample(products, _SET_ASIDE_COUNT):
        product.kept_for = SET_ASIDE
    return products


def _product(number: int, make: str, thing: tuple[str, str, str], chance: Random) -> Product:
    title, code, base = thing
    pack = chance.choice(_PACKS)
    each = (Decimal(base) * Decimal(chance.randrange(80, 131)) / 100).quantize(_CENT, ROUND_HALF_EVEN)
    body = f"0{850000000 + number:09d}{chance.randrange(10)}"
    costs = {}
    for terms in TERMS:
        cost = (each * terms.factor).quantize(_CENT, ROUND_HALF_EVEN)
        costs[terms.vendor_code] = cost * pack if terms.cost_basis == "case" else cost
    stock = pack * chance.randrange(30, 90)
    return Product(
        sku=f"RW-{make[:2].upper()}{code}-{number:03d}",
        title=f"{make} {title}",
        gtin=body + _check_digit(body),
        asin=f"B0{_base36(number * 7919 + 40_000_000):0>8}",
        pack=pack,
        price=(each * Decimal("2.4")).quantize(_CENT, ROUND_HALF_EVEN),
        costs=costs,
        levels={WAREHOUSE: stock, ANNEX: stock // 2 // pack * pack},
    )


def _check_digit(body: str) -> str:
    """GS1's: weights 3 and 1 from the right, up to the next ten."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return str(-total % 10)


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[rest] + digits
    return digits


def item_master(products: list[Product]) -> bytes:
    """The vendor's item master as the CSV that its people would export: one row a product and vendor code."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("sku", "title", "case_size", "gtin", "vendor_code", "asin", "cost", "currency"))
    currencies = {terms.vendor_code: terms.currency for terms in TERMS}
    for product in products:
        for code, cost in product.costs.items():
            size = product.pack if product.pack > 1 else ""
            row = (product.sku, product.title, size, product.gtin, code, product.asin, cost, currencies[code])
            rows.writerow(row)
    return text.getvalue().encode()


def shop_products(products: list[Product]) -> list[dict[str, Any]]:
    """The same products as the shop holds them."""
    return [_shop_product(product) for product in products]


def _shop_product(product: Product) -> dict[str, Any]:
    fields: list[dict[str, str]] = []
    if product.circular:
        fields = [{"namespace": "supercycle", "key": "supercycle_enabled", "type": "boolean", "value": "true"}]
    pack = {"namespace": "trueup", "key": "case_pack", "type": "number_integer", "value": str(product.pack)}
    variant = {
        "sku": product.sku,
        "barcode": product.gtin,
        "price": str(product.price),
        "tracked": product.tracked,
        "metafields": [pack] if product.pack > 1 else [],
        "levels": dict(product.levels),
    }
    return {"title": product.title, "vendor": "Riverside Wares", "metafields": fields, "variants": [variant]}
