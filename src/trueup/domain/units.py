"""Units: an order line as eaches at a cost per each, before anything else happens to it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from trueup.base.money import Money, exponent_of
from trueup.base.quantity import Unit
from trueup.domain.catalog import Listing, Product, cost_per_each
from trueup.domain.orders import OrderLine
from trueup.domain.partners import Agreement

ROUNDING = "half-even to the currency's minor unit, per each; the exact cost stands beside it and is what is invoiced"


@dataclass(frozen=True, slots=True)
class LineUnits:
    """A line of a known product in eaches. `unit_eaches` is how many one ordered unit holds.

    `each_cost` is exact; None where the line carries no cost, or one for a unit of weight.
    """

    sequence: int
    product: Product
    listing: Listing
    eaches: int
    unit_eaches: int
    each_cost: Fraction | None
    currency: str

    def value(self, eaches: int | None = None) -> Money | None:
        """What so many eaches are worth (all of them by default), rounded once; None when the line carries no cost."""
        if self.each_cost is None:
            return None
        count = self.eaches if eaches is None else eaches
        return Money(round(self.each_cost * abs(count) * 10 ** exponent_of(self.currency)), self.currency)

    def shop_price(self) -> Money | None:
        """The price of one each as a shop can hold it; see ROUNDING."""
        return self.value(1)

    def exact_cost(self) -> str:
        """The exact cost per each as a decimal where it ends, as a fraction where it does not: `1.25`, `10/3`."""
        if self.each_cost is None:
            return ""
        cost, rest = self.each_cost, self.each_cost.denominator
        for prime in (2, 5):
            while rest % prime == 0:
                rest //= prime
        if rest != 1:
            return f"{cost.numerator}/{cost.denominator}"
        places = 0
        while (cost * 10**places).denominator != 1:
            places += 1
        digits = str(abs(int(cost * 10**places))).rjust(places + 1, "0")
        sign = "-" if cost < 0 else ""
        return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def line_units(line: OrderLine, product: Product, listing: Listing, agreement: Agreement) -> LineUnits:
    """Eaches and cost per each of a line. Cases are counted by Amazon's size where it states one, else by ours.

    Where the two sizes differ the line is held by its rule; the eaches here are then Amazon's meaning of the line.
    """
    size = 1
    if line.ordered.unit is Unit.CASE:
        size = line.ordered.unit_size or product.case_size or 1
    cost = line.net_cost
    by_piece = cost if cost and not line.priced_by else None
    each = cost_per_each(by_piece, agreement.cost_basis, line.ordered.unit, size) if by_piece else None
    return LineUnits(
        sequence=line.sequence,
        product=product,
        listing=listing,
        eaches=line.ordered.amount * size,
        unit_eaches=size,
        each_cost=each,
        currency=cost.currency if cost else agreement.currency,
    )


def agreed_each_cost(listing: Listing, line: OrderLine, product: Product, agreement: Agreement) -> Fraction | None:
    """The agreed cost per each. A cost agreed per case is one of OUR case: Amazon's size must not move it."""
    if listing.cost is None:
        return None
    if agreement.cost_basis.value == "case" and product.case_size:
        return Fraction(listing.cost.value) / product.case_size
    return Fraction(listing.cost.value)
