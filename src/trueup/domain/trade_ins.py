"""Trade-ins: a customer's item becomes an item of ours, and a credit of theirs. What is graded, owed, released and refused.

    recorded -> received -> graded -> released
        |           |          (a credit is owed from here on)
        +-----------+-> refused

Recorded: we were told of it. Received: its item is there and not available to anybody. Graded: its condition is known, and with
it what it is worth. Released: customers may have it. Nothing goes back: what was credited is undone by a correction, not here.
Source of the landing: Supercycle documents no flow of trade-ins; an item is created `unavailable` with what was paid for it, and
made available when it is graded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

from trueup.base.errors import Invalid, Refused
from trueup.base.money import Money, exponent_of
from trueup.domain.credits import Instrument

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/ -]{0,62}[A-Za-z0-9]|[A-Za-z0-9]")


class TradeInState(StrEnum):
    """How far a trade-in is."""

    RECORDED = "recorded"
    RECEIVED = "received"
    GRADED = "graded"
    RELEASED = "released"
    REFUSED = "refused"


class Origin(StrEnum):
    """How we came to know of it: told here, or found as an item with a cost that nobody told us of."""

    TOLD = "told"
    FOUND = "found"


_STEPS: Mapping[TradeInState, frozenset[TradeInState]] = {
    TradeInState.RECORDED: frozenset({TradeInState.RECEIVED, TradeInState.GRADED, TradeInState.REFUSED}),
    TradeInState.RECEIVED: frozenset({TradeInState.GRADED, TradeInState.REFUSED}),
    TradeInState.GRADED: frozenset({TradeInState.RELEASED}),
    TradeInState.RELEASED: frozenset(),
    TradeInState.REFUSED: frozenset(),
}


class CreditState(StrEnum):
    """The life of a credit. DUE: owed and not sent. UNANSWERED: it may have been given; only a person can tell. DECLINED: the
    shop would not have it."""

    DUE = "due"
    ISSUED = "issued"
    UNANSWERED = "unanswered"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Grade:
    """What a condition is worth: a percentage of what was quoted, zero for what is not taken. `condition_id` is the circular
    system's own condition, None where the item keeps the one it has."""

    percent: Decimal
    condition_id: int | None = None

    def __post_init__(self) -> None:
        if not Decimal(0) <= self.percent <= Decimal(100):
            raise Invalid(f"A grade of {self.percent} percent of the quote: expected 0 to 100.")


@dataclass(frozen=True, slots=True)
class TradeInTerms:
    """The agreement on trade-ins: in which circular system their items are, in which shop and form customers get their credit.

    `expires_after`: how long a credit lives, None for ever. `location`: the shop's id of where items arrive.
    """

    system: str
    shop: str
    instrument: Instrument
    grades: Mapping[str, Grade] = field(default_factory=dict)
    expires_after: timedelta | None = None
    location: str | None = None

    def grade(self, name: str) -> Grade:
        """A grade by its name. Raises Refused, naming those that there are."""
        if name not in self.grades:
            raise Refused(f"Grade {name!r} is not agreed; there are: {', '.join(self.grades) or 'none'}.")
        return self.grades[name]

    def expires_on(self, day: date) -> date | None:
        """The last day of a credit that is given on a day."""
        return day + self.expires_after if self.expires_after is not None else None


@dataclass(frozen=True, slots=True)
class TradeIn:
    """One item that a customer trades in. `key` is its natural key; `serial` is the key of its item in the circular system.

    `customer` is the shop's id, "" where the credit is handed over by hand. `value`: what is credited, known once graded.
    """

    key: str
    sku: str
    serial: str
    quoted: Money
    recorded_on: date
    customer: str = ""
    origin: Origin = Origin.TOLD
    state: TradeInState = TradeInState.RECORDED
    item: int | None = None
    grade: str = ""
    value: Money | None = None
    graded_on: date | None = None
    why: str = ""

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise Invalid(
                f"Trade-in {self.key!r}: its key takes 1 to 64 letters, digits, spaces and . _ / - between them."
            )
        if not self.serial.strip():
            raise Invalid(f"Trade-in {self.key}: no serial; without one nobody could tell its item from another.")
        if not self.sku.strip():
            raise Invalid(f"Trade-in {self.key}: no SKU; expected that of the product it is an item of.")
        if self.quoted.minor <= 0:
            raise Invalid(f"Trade-in {self.key}: quoted {self.quoted}, expected more than nothing.")

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done about its item."""
        return self.state not in (TradeInState.RELEASED, TradeInState.REFUSED)


@dataclass(frozen=True, slots=True)
class Grading:
    """What a grade comes to: the value to be credited, None where the item is not taken."""

    value: Money | None
    condition_id: int | None
    why: str


def decide_grading(trade_in: TradeIn, grade: str, terms: TradeInTerms, value: Money | None = None) -> Grading:
    """What a trade-in is worth in a condition. `value`: what a person says instead of the percentage.

    Raises Refused for a grade that is not agreed, one that was given already, or a value above the quote or in another currency.
    """
    demand_step(trade_in, TradeInState.GRADED)
    agreed = terms.grade(grade)
    if value is None:
        worth = share(trade_in.quoted, agreed.percent)
        why = f"{grade}: {agreed.percent.normalize():f} % of the quoted {trade_in.quoted}"
    else:
        if value.currency != trade_in.quoted.currency or not 0 <= value.minor <= trade_in.quoted.minor:
            raise Refused(f"Trade-in {trade_in.key}: {value} for a quote of {trade_in.quoted}; expected at most that.")
        worth, why = value, f"{grade}: {value} said instead of {agreed.percent.normalize():f} % of {trade_in.quoted}"
    return Grading(worth if worth else None, agreed.condition_id, why)


def share(money: Money, percent: Decimal) -> Money:
    """A percentage of an amount, rounded once, half to even."""
    exact = (money.amount * percent / 100).scaleb(exponent_of(money.currency))
    return Money(int(exact.to_integral_value(rounding=ROUND_HALF_EVEN)), money.currency)


def demand_step(trade_in: TradeIn, to: TradeInState) -> None:
    """Raises Refused where a trade-in cannot go on to a state."""
    if to not in _STEPS[trade_in.state]:
        raise Refused(
            f"Trade-in {trade_in.key} is {trade_in.state.value}; it cannot become {to.value}"
            f"{f' ({trade_in.why})' if trade_in.why else ''}."
        )


def contradicts(known: TradeIn, told: TradeIn) -> str:
    """How a trade-in that is told again differs from the one that is known, in words; empty when it is the same."""
    pairs = (
        ("SKU", known.sku, told.sku),
        ("serial", known.serial, told.serial),
        ("quote", str(known.quoted), str(told.quoted)),
        ("customer", known.customer, told.customer),
    )
    return "; ".join(f"{name} {old!r} known, {new!r} told" for name, old, new in pairs if old != new)


class Act(StrEnum):
    """What is to be done about a trade-in in other systems, one thing after another."""

    CREATE_ITEM = "create-item"
    GRADE_ITEM = "grade-item"
    WITHDRAW_ITEM = "withdraw-item"
    ISSUE_CREDIT = "issue-credit"
    RELEASE_ITEM = "release-item"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a trade-in stands as far as we have seen it done: `condition_set`: the item bears its grade. `release`: it may go."""

    trade_in: TradeIn
    credit: CreditState | None = None
    condition_set: bool = False
    release: bool = False
    withdrawn: bool = False


def next_act(standing: Standing) -> Act | None:
    """The one thing to be done next, None when there is nothing (any more, or until a person acts).

    The credit comes first: what a customer is owed does not wait for the warehouse, and the item, which is ours by then, does not
    wait for a credit that is in doubt.
    """
    trade_in = standing.trade_in
    if standing.credit is CreditState.DUE and trade_in.item is not None:
        return Act.ISSUE_CREDIT
    match trade_in.state:
        case TradeInState.RECORDED:
            return Act.CREATE_ITEM
        case TradeInState.RECEIVED | TradeInState.RELEASED:
            return None
        case TradeInState.REFUSED:
            return Act.WITHDRAW_ITEM if trade_in.item is not None and not standing.withdrawn else None
        case TradeInState.GRADED:
            pass
    if trade_in.item is None:
        return Act.CREATE_ITEM
    if not standing.condition_set:
        return Act.GRADE_ITEM
    return Act.RELEASE_ITEM if standing.release else None
