"""The month's close: what the books say at the end of a month, and a checklist that says what still stands against closing it.

Two parts are told apart. `Figures` come from the journal by day and from invoices by the day they were known: of a closed month
they are the same whenever they are computed. `Observed` is how things stood when somebody looked: held payments, open cases.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from trueup.base.errors import Invalid
from trueup.base.money import Money

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month, by its first day. Raises Invalid for another day."""

    first: date

    def __post_init__(self) -> None:
        if self.first.day != 1:
            raise Invalid(f"Month of {self.first}: expected its first day.")

    @classmethod
    def read(cls, text: str) -> Month:
        """From `2026-10`. Raises Invalid."""
        found = _MONTH.fullmatch(text.strip())
        if found is None or found[1] == "0000":
            raise Invalid(f"Month {text!r}: expected year and month, such as 2026-10.")
        return cls(date(int(found[1]), int(found[2]), 1))

    @classmethod
    def of(cls, day: date) -> Month:
        """The month a day is in."""
        return cls(day.replace(day=1))

    @property
    def last(self) -> date:
        """Its last day."""
        return (self.first + timedelta(days=31)).replace(day=1) - timedelta(days=1)

    @property
    def next(self) -> Month:
        """The month after it."""
        return Month(self.last + timedelta(days=1))

    @property
    def before(self) -> Month:
        """The month before it."""
        return Month.of(self.first - timedelta(days=1))

    @property
    def words(self) -> str:
        """`October 2026`."""
        return f"{_MONTHS[self.first.month - 1]} {self.first.year}"

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Roll:
    """How an account went through the month, in minor units, debits positive."""

    account: str
    currency: str
    opening: int
    debits: int
    credits: int

    @property
    def closing(self) -> int:
        """Its balance at the end: credits are positive here and taken off."""
        return self.opening + self.debits - self.credits


@dataclass(frozen=True, slots=True)
class Received:
    """Cash of one currency: what came, in how many postings."""

    currency: str
    minor: int
    postings: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What payments settled of receivables: on invoices of ours, and on the receivable without one."""

    currency: str
    minor: int
    without_invoice: int


@dataclass(frozen=True, slots=True)
class Deducted:
    """What was deducted of one type on one account: `gross` taken and `given_back`, both positive, each with its corrections."""

    type: str
    account: str
    currency: str
    gross: int
    given_back: int

    @property
    def net(self) -> int:
        """Taken less given back."""
        return self.gross - self.given_back


@dataclass(frozen=True, slots=True)
class Disputed:
    """An account of claims that can be disputed: opening, taken, given back, written off by us, and what else moved it."""

    account: str
    currency: str
    opening: int
    taken: int
    given_back: int
    written_off: int
    other: int

    @property
    def closing(self) -> int:
        """The account's balance at the end."""
        return self.opening + self.taken - self.given_back - self.written_off + self.other


@dataclass(frozen=True, slots=True)
class Chain:
    """A story with a balance at the month's end: a claim in dispute, a provision. `claim` "": lines that belong to no story."""

    partner: str
    claim: str
    account: str
    currency: str
    minor: int
    since: date


@dataclass(frozen=True, slots=True)
class Suspense:
    """Suspense as Amazon pays (a payment's unexplained plus is positive): opening, what came, what was explained, closing."""

    currency: str
    opening: int
    came: int
    explained: int

    @property
    def closing(self) -> int:
        """What waits at the end."""
        return self.opening + self.came - self.explained


@dataclass(frozen=True, slots=True)
class Waits:
    """What waits in one case at the month's end. `unexplained` counts every cent, whatever its sign; `case` is kind and subject."""

    case: str
    currency: str
    minor: int
    unexplained: int
    lines: int
    since: date


@dataclass(frozen=True, slots=True)
class Receivable:
    """Receivables of a payee: opening + invoiced + known late - settled = what is open of each invoice, by age since its issue.

    `late`: invoices of earlier months that became known after those were closed. `overdue`: of the closing, beyond its due day.
    """

    partner: str
    payee: str
    currency: str
    opening: int
    invoiced: int
    late: int
    settled: int
    to_30: int
    to_60: int
    to_90: int
    beyond_90: int
    overdue: int

    @property
    def rolled(self) -> int:
        """What should be open, from what moved."""
        return self.opening + self.invoiced + self.late - self.settled

    @property
    def closing(self) -> int:
        """What is open, invoice by invoice."""
        return self.to_30 + self.to_60 + self.to_90 + self.beyond_90


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that follows from the journal and the invoices known by then."""

    balances: tuple[Roll, ...]
    received: tuple[Received, ...]
    settled: tuple[Settled, ...]
    deducted: tuple[Deducted, ...]
    disputed: tuple[Disputed, ...]
    claims: tuple[Chain, ...]
    suspense: tuple[Suspense, ...]
    waiting: tuple[Waits, ...]
    provisions: tuple[Roll, ...]
    open_provisions: tuple[Chain, ...]
    receivables: tuple[Receivable, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """Something that was seen and stands in a list: what it is about, in words, and its money. `count`: how many it stands for."""

    about: str
    words: str
    minor: int
    currency: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Accrual:
    """Co-op and allowances: what the terms let us expect of net receipts beside what was charged. `expected` None: no rate."""

    partner: str
    payee: str
    kind: str
    currency: str
    net_receipts: int
    expected: int | None
    charged: int
    words: str


@dataclass(frozen=True, slots=True)
class Observed:
    """How things stood when the pack was made.

    `cases`: the open cases of suspense, by kind and subject, as ids. `claims_apart`: chains whose journal and claim disagree.
    `earlier_open`: an earlier month that is not closed, "" where there is none. `bank_statements`: how many were taken in;
    `untied`: payments of the month that are no bank line yet.
    """

    cases: dict[str, int]
    claims_apart: tuple[Item, ...]
    not_tying: tuple[Item, ...]
    hidden: tuple[Item, ...]
    held: tuple[Item, ...]
    differing: tuple[Item, ...]
    unread: tuple[Item, ...]
    bank: tuple[Item, ...]
    bank_statements: int
    untied: tuple[Item, ...]
    without_copy: tuple[Item, ...]
    earlier_open: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What the figures are read with: the accounts that are proven against something, and their names."""

    cash: str
    receivable: str
    suspense: str
    provisions: str
    clearing: str
    disputed: tuple[str, ...]
    names: dict[str, str]
    labels: dict[str, str]
    """What deduction types are called, by code."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Who answered for a point of the checklist when the month was closed, and what of it was left open: `why`, "" for nothing."""

    point: str
    standing: str
    text: str
    signed_by: str
    note: str
    reviewed_by: str
    why: str


@dataclass(frozen=True, slots=True)
class ClosePack:
    """The month's pack. `known_at`: everything that was known then is in it, nothing that came later.

    `closed_by`, `approved_by`: once it is closed. `override`: why it was closed in spite of points that were open, which stand in
    `answers` with their `why`.
    """

    month: date
    known_at: datetime
    setting: Setting
    figures: Figures
    observed: Observed
    accruals: tuple[Accrual, ...]
    closed_by: str = ""
    approved_by: str = ""
    override: str = ""
    answers: tuple[Answered, ...] = ()

    @property
    def of(self) -> Month:
        """Which month."""
        return Month(self.month)


def day_words(day: date) -> str:
    """A day as people write it: 2 Oct 2026."""
    return f"{day.day} {_MONTHS[day.month - 1][:3]} {day.year}"


def unexplained(waiting: Iterable[Waits]) -> dict[str, tuple[int, date]]:
    """By currency: every cent that waits, whatever its sign, and the day of the oldest. The goal is none."""
    found: dict[str, tuple[int, date]] = {}
    for each in waiting:
        cents, oldest = found.get(each.currency, (0, each.since))
        found[each.currency] = (cents + each.unexplained, min(oldest, each.since))
    return found


def sums_of(items: Iterable[tuple[str, int]]) -> str:
    """Amounts by currency in words: `1,204.00 EUR and 3.00 USD`; "nothing" where there are none. Currencies are never added."""
    sums: dict[str, int] = {}
    for currency, minor in items:
        sums[currency] = sums.get(currency, 0) + minor
    parts = [shown(Money(minor, currency)) for currency, minor in sorted(sums.items()) if minor]
    return " and ".join(parts) or "nothing"


def shown(money: Money) -> str:
    """An amount as people read it: grouped, with the digits of its currency."""
    number, _, currency = str(money).partition(" ")
    whole, point, part = number.partition(".")
    return f"{int(whole):,}{point}{part} {currency}" if whole != "-0" else f"{number} {currency}"
