"""Terms: what was agreed to be deducted, and whether what was charged is that. Bitemporal: what held when, and what we knew when.

What has no documented rate is *unrated* until someone enters it: no rate is ever guessed. A deduction is judged by what held on
its day as we know it today; with an earlier `known_on`, by what we knew then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
)
from enum import StrEnum

from trueup.base.errors import ConfigurationError, Invalid
from trueup.base.money import Money, UnitPrice, exact_decimal

_EXACT = Context(prec=100)
MOST_DAYS = 3650
"""So many days after an invoice a rate of it may be for: ten years."""
MOST_PER_UNIT = 1_000_000
"""Less than that is a rate of one unit, in whole units of its currency."""
ROUNDINGS = (ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_HALF_DOWN, ROUND_DOWN, ROUND_UP, ROUND_FLOOR, ROUND_CEILING)
"""How a rate's last part of a cent may be rounded: once, at the end."""


class Basis(StrEnum):
    """What a rate is taken of."""

    NET_RECEIPTS = "net-receipts"
    """What Amazon received less what it returned, at cost: accruals and allowances."""
    INVOICE = "invoice"
    """The invoice without tax: discounts, withholding."""
    ORDER = "purchase-order"
    """The value of the order, or of its lines that are concerned: chargebacks."""
    UNITS = "units"
    """A number of units, each at an amount."""


@dataclass(frozen=True, slots=True)
class Term:
    """A term: a rate of `percent` of its basis, or `per_unit` for each unit; neither says that no rate is known (any more).

    `kind`: what it is for: the code of a deduction type (`co-op`, `allowance-damage`, `chargeback-asn`), or a column of an
    invoice's line (`quick-pay`, `withholding`). `marketplace`: "" for all.
    In force from `valid_from` up to, not including, `valid_to`. `known_from`: since when we know it; what is entered later for
    the same days counts from then on, and what was known before stays known. `known_to`: from then on it is known no more, for it
    was taken back. `source`: where it is written. `within_days`: of invoices, it is due only for a payment made within so many days
    of the invoice; later nothing is.
    Raises Invalid when both rates stand, one is negative or a float, the basis does not fit, or days are out of order.
    """

    kind: str
    marketplace: str
    basis: Basis
    valid_from: date
    known_from: date
    source: str
    percent: Decimal | None = None
    per_unit: UnitPrice | None = None
    valid_to: date | None = None
    rounding: str = ROUND_HALF_EVEN
    within_days: int | None = None
    known_to: date | None = None

    def __post_init__(self) -> None:
        where = f"Term {self.kind} {self.marketplace or 'of all marketplaces'} from {self.valid_from}"
        if self.percent is not None and self.per_unit is not None:
            raise Invalid(f"{where} has {self.percent} percent and {self.per_unit} a unit; expected one rate.")
        if self.percent is not None and not 0 <= exact_decimal(self.percent) <= 100:
            raise Invalid(f"{where}: {self.percent} percent; expected 0 to 100.")
        if self.per_unit is not None and not 0 <= self.per_unit.value < MOST_PER_UNIT:
            raise Invalid(
                f"{where}: {self.per_unit} a unit; expected none below zero, and less than {MOST_PER_UNIT:,}."
            )
        if (self.basis is Basis.UNITS and self.percent is not None) or (
            self.basis is not Basis.UNITS and self.per_unit is not None
        ):
            raise Invalid(
                f"{where}: its rate is not of {self.basis.value}; a percentage is of money, an amount of units."
            )
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise Invalid(f"{where}: valid_to {self.valid_to} is not after valid_from.")
        if self.within_days is not None and (self.basis is not Basis.INVOICE or not 0 <= self.within_days <= MOST_DAYS):
            raise Invalid(
                f"{where}: within {self.within_days} days; expected {MOST_DAYS:,} days from the invoice at most, of its rates."
            )
        if self.rounding not in ROUNDINGS:
            raise Invalid(f"{where}: rounding {self.rounding!r}; expected one of {', '.join(ROUNDINGS)}.")

    @property
    def rated(self) -> bool:
        """Whether it says a rate."""
        return self.percent is not None or self.per_unit is not None

    def holds(self, day: date) -> bool:
        """Whether it is in force on that day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def known(self, day: date) -> bool:
        """Whether it is known on that day."""
        return self.known_from <= day and (self.known_to is None or day < self.known_to)

    @property
    def never_known(self) -> bool:
        """Whether it was taken back before it counted on any day."""
        return self.known_to is not None and self.known_to <= self.known_from

    def __str__(self) -> str:
        rate = (
            f"{self.percent:f}%"
            if self.percent is not None
            else f"{self.per_unit} a unit"
            if self.per_unit
            else "no rate"
        )
        of = f" of {self.basis.value}" if self.percent is not None else ""
        within = f" within {self.within_days} days" if self.within_days is not None else ""
        return f"{rate}{of}{within} from {self.valid_from} ({self.source})"


class Verdict(StrEnum):
    """What a charge is against its term."""

    AS_AGREED = "as-agreed"
    OVERCHARGE = "overcharge"
    UNDERCHARGE = "undercharge"
    UNRATED = "unrated"


@dataclass(frozen=True, slots=True)
class Charge:
    """What Amazon took, `charged` positive, and what a rate is taken of: `amount` in money, `units` in pieces, where known."""

    kind: str
    marketplace: str
    day: date
    charged: Money
    amount: Money | None = None
    units: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A charge beside what was expected. `difference`: charged less expected; None, as `expected`, where it is unrated.

    `why` says both numbers and the term in words.
    """

    verdict: Verdict
    charged: Money
    expected: Money | None
    difference: Money | None
    why: str


def in_force(terms: Iterable[Term], kind: str, day: date, known_on: date, marketplace: str = "") -> Term | None:
    """The term for that kind on that day, as known on another: the marketplace's own before that of all, the latest known first.

    Raises ConfigurationError when two different ones are equally good.
    """
    best: list[Term] = []
    rank = (False, date.min)
    for term in terms:
        if term.kind != kind or not term.known(known_on) or not term.holds(day):
            continue
        if term.marketplace not in ("", marketplace):
            continue
        found = (term.marketplace != "", term.known_from)
        if found > rank or not best:
            best, rank = [term], found
        elif found == rank and term not in best:
            best.append(term)
    if len(best) > 1:
        shown = " and ".join(str(term) for term in best)
        raise ConfigurationError(
            f"Terms: {kind} {marketplace} on {day} has {shown}, both known from {rank[1]}; end one of them, or enter the right "
            f"one with a later known_from."
        )
    return best[0] if best else None


def expect(term: Term, *, amount: Money | None = None, units: int | None = None) -> Money | None:
    """What should be deducted, to the minor unit, rounded once as the term says; None without a rate or what it is taken of."""
    if term.percent is not None and amount is not None:
        exact = _EXACT.multiply(Decimal(amount.minor), term.percent).scaleb(-2, _EXACT)
        return Money(int(exact.to_integral_value(term.rounding, _EXACT)), amount.currency)
    if term.per_unit is not None and units is not None:
        return term.per_unit.times(units, term.rounding)
    return None


def compare(charged: Money, expected: Money | None, tolerance: Money) -> Comparison:
    """Whether a charge is what was expected, within a tolerance. Raises Invalid for two currencies or a negative tolerance."""
    if tolerance.minor < 0:
        raise Invalid(f"Tolerance {tolerance}: expected none below zero.")
    if expected is None:
        return Comparison(Verdict.UNRATED, charged, None, None, f"charged {charged}, and no rate says what was due")
    difference = charged - expected
    if abs(difference).minor <= (tolerance + Money.zero(charged.currency)).minor:
        verdict, said = Verdict.AS_AGREED, "as agreed"
    elif difference.minor > 0:
        verdict, said = Verdict.OVERCHARGE, f"{difference} too much"
    else:
        verdict, said = Verdict.UNDERCHARGE, f"{-difference} too little"
    return Comparison(verdict, charged, expected, difference, f"charged {charged}, expected {expected}: {said}")


def judge(charge: Charge, terms: Iterable[Term], known_on: date, tolerance: Money) -> Comparison:
    """A charge against the term in force on its day, in words that name the term or what is missing to tell."""
    term = in_force(terms, charge.kind, charge.day, known_on, charge.marketplace)
    expected = expect(term, amount=charge.amount, units=charge.units) if term is not None else None
    found = compare(charge.charged, expected, tolerance)
    if term is None or not term.rated:
        missing = (
            f"no rate of {charge.kind} is documented for {charge.marketplace or 'any marketplace'} on {charge.day}"
        )
    elif expected is None:
        missing = f"{term}, but the {'units' if term.per_unit else 'amount'} it is taken of is not known"
    else:
        missing = str(term)
    return Comparison(found.verdict, found.charged, found.expected, found.difference, f"{found.why}; {missing}")
