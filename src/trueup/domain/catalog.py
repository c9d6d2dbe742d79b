"""The item master: products, their packs, where each is listed at what agreed cost, and where its stock is counted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from trueup.base.errors import Invalid
from trueup.base.money import UnitPrice
from trueup.base.quantity import Quantity, Unit
from trueup.domain.identifiers import same_product_code
from trueup.domain.partners import CostBasis

SUPERCYCLE = "supercycle"
"""As a product's declared source: its items in Supercycle are all of it; nothing of it lies anywhere uncounted."""


class CountSource(StrEnum):
    """Where a product's stock is counted. UNKNOWN is never guessed around: its lines are held.

    ITEMS: unit by unit, in Supercycle.
    """

    SHOP = "shop"
    DECLARED = "declared"
    ITEMS = "items"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Product:
    """A thing we sell. `case_size` is how many eaches our case holds, None where it is only sold by the each.

    `shop_variant` and `shop_item` are the shop's own ids for the variant and for its inventory.
    `tracked` and `circular` are what the shop last said: whether it counts the stock, and whether Supercycle took it over.
    `declared_source` names a count source that the merchant declared for a product the shop does not count.
    """

    sku: str
    title: str
    case_size: int | None = None
    gtin: str | None = None
    shop_variant: str | None = None
    shop_item: str | None = None
    tracked: bool | None = None
    circular: bool = False
    declared_source: str | None = None
    obsolete: bool = False

    def __post_init__(self) -> None:
        if self.case_size is not None and self.case_size <= 0:
            raise Invalid(f"Product {self.sku}: case size {self.case_size}, expected a positive whole number.")

    @property
    def count_source(self) -> CountSource:
        """The rule: a declared source wins; else the shop where it tracks and Supercycle has not taken over; else unknown.

        Supercycle counts items that it was given; goods of the same product that lie in boxes it knows nothing of, and the
        shop no longer counts them. So the items are the whole count only where the merchant says so.
        """
        if self.declared_source:
            return CountSource.ITEMS if self.declared_source.lower() == SUPERCYCLE else CountSource.DECLARED
        if self.tracked and not self.circular:
            return CountSource.SHOP
        return CountSource.UNKNOWN


@dataclass(frozen=True, slots=True)
class Listing:
    """A product as one vendor code's buyer knows it, and the agreed cost on the agreement's basis (None: none agreed)."""

    vendor_code: str
    sku: str
    asin: str | None = None
    vendor_product_id: str | None = None
    cost: UnitPrice | None = None


@dataclass(frozen=True, slots=True)
class Catalog:
    """Products by SKU and the listings to find them by."""

    products: dict[str, Product]
    listings: tuple[Listing, ...]

    def match(
        self, vendor_code: str, asin: str | None, product_ids: tuple[str, ...]
    ) -> tuple[tuple[Product, Listing], ...]:
        """Every product that the identifiers of an order line could mean, for that vendor code: none, one, or several.

        The ASIN is asked first and alone decides when it is known; then the vendor's product codes; then bare GTINs.
        Not one candidate is the caller's finding: unknown, or ambiguous.
        """
        mine = [listing for listing in self.listings if listing.vendor_code == vendor_code]
        by_asin = [listing for listing in mine if asin and listing.asin == asin]
        by_code = [
            listing
            for listing in mine
            if listing.vendor_product_id
            and any(same_product_code(listing.vendor_product_id, code) for code in product_ids)
        ]
        by_gtin = [
            listing
            for listing in mine
            if (gtin := self.products[listing.sku].gtin) and any(same_product_code(gtin, code) for code in product_ids)
        ]
        chosen = by_asin or by_code or by_gtin
        by_sku = {listing.sku: listing for listing in chosen}
        return tuple((self.products[sku], listing) for sku, listing in by_sku.items())


def convert(quantity: Quantity, to: Unit, case_size: int | None) -> Quantity:
    """The same goods counted in another unit. `case_size` is used when the quantity does not state its own.

    Raises Invalid when the size of a case is not known or the goods are not a whole number of cases.
    """
    size = (quantity.unit_size if quantity.unit is Unit.CASE else None) or case_size
    if quantity.unit is to:
        return quantity
    if size is None:
        raise Invalid(f"{quantity} cannot be counted in {to.value} units: the size of a case is not known.")
    if to is Unit.EACH:
        return Quantity.eaches(quantity.amount * size)
    cases, left = divmod(quantity.amount, size)
    if left:
        raise Invalid(f"{quantity} are {cases} cases of {size} and {left} left over: not a whole number of cases.")
    return Quantity(cases, Unit.CASE, size)


def cost_per_each(cost: UnitPrice, basis: CostBasis, ordered_unit: Unit, case_size: int) -> Fraction:
    """The exact price of one each. The basis matters on lines ordered in cases alone; an each has but one price."""
    if ordered_unit is Unit.CASE and basis is CostBasis.CASE:
        return Fraction(cost.value) / case_size
    return Fraction(cost.value)
