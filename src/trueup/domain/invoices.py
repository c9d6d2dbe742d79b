"""Invoices: what we billed and what of it is open. Imported with history, or made by us."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from trueup.base.errors import Invalid
from trueup.base.money import Money, UnitPrice

_NOISE = re.compile(r"[\s_*/.-]+")
_PLAIN_NOISE = {code: None for code in range(128) if chr(code).isspace() or chr(code) in "_*/.-"}


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A line of an invoice: `quantity` units of a product at a price, `amount` without tax."""

    number: int
    sku: str
    quantity: int
    price: UnitPrice
    amount: Money
    asin: str = ""


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice of ours to a partner: `total` with tax, `tax` the tax in it. A credit note has negative amounts.

    `payee`: the payee or vendor code that bills. `purchase_order`: the order it bills, "" where not known. `credits`: for a
    credit note, the number of the invoice it credits. Raises Invalid for a blank number or amounts of two currencies.
    """

    number: str
    partner: str
    payee: str
    issued_on: date
    due_on: date | None
    total: Money
    tax: Money
    purchase_order: str = ""
    credits: str = ""
    lines: tuple[InvoiceLine, ...] = ()

    def __post_init__(self) -> None:
        if not normal_reference(self.number):
            raise Invalid(f"An invoice of {self.total} on {self.issued_on} has no number.")
        if self.tax.currency != self.total.currency:
            raise Invalid(
                f"Invoice {self.number}: its total is {self.total}, but its tax {self.tax}; expected one currency."
            )


@lru_cache(maxsize=8192)
def normal_reference(text: str) -> str:
    """A reference as it is compared: upper case, without spaces, `-`, `_`, `.`, `/` and the `*` Amazon pads with.

    Re-submitted invoices use `_` where the original had `-`; advices pad with `*` and wrap long numbers over lines. A line's
    own is asked for by every step that it goes through, so the last thousands are remembered.
    """
    if text.isascii():  # the same, in half the time
        return text.translate(_PLAIN_NOISE).upper()
    return _NOISE.sub("", text).upper()


@dataclass(frozen=True, slots=True)
class Charged:
    """A price at which an invoice bills an each of a product, and the cost of the order that it differs from."""

    invoice: str
    price: UnitPrice
    cost: UnitPrice

    @property
    def word(self) -> str:
        """How it differs."""
        if self.price.currency != self.cost.currency:
            return "in another currency"
        return "dearer" if self.price.value > self.cost.value else "cheaper"


def is_price(price: UnitPrice, cost: UnitPrice) -> bool:
    """Whether a price is a cost, or what that comes to with as many places as the price has: a case of 7 has no last cent."""
    exponent = price.value.as_tuple().exponent
    places = Decimal(1).scaleb(min(exponent if isinstance(exponent, int) else 0, -2))
    return price.currency == cost.currency and cost.value.quantize(places) == price.value.quantize(places)
