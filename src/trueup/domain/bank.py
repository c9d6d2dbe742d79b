"""The bank's side: what really came in. Its lines and statements, what we expect there, and what a comparison of both says.

Which line is which payment decides `bank_matching`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from trueup.base.ids import digest_of_json
from trueup.base.money import Money
from trueup.domain.invoices import normal_reference

_SAYS_NOTHING = {"", "NONREF", "NOTPROVIDED", "NOREF", "NONE", "NA", "0"}


@dataclass(frozen=True, slots=True)
class BankLine:
    """One booked movement of an account: `amount` positive when it came in. `key` names it for ever, in whatever file it stands.

    `references`: what the parties call it (end-to-end id, creditor reference). `bank_reference`: the bank's own. `payer`: the
    other party. `text`: as the bank writes it; a line break stands where the bank broke it, perhaps within a number.
    """

    account: str
    booked_on: date
    value_on: date
    amount: Money
    references: tuple[str, ...] = ()
    bank_reference: str = ""
    payer: str = ""
    text: str = ""
    place: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a bank says of an account: its movements, and the balances around them where it states them.

    `number`: the bank's own for the statement. `until`: the last day that it covers, None where it has neither day nor line.
    """

    account: str
    number: str
    currency: str
    lines: tuple[BankLine, ...]
    opening: Money | None = None
    closing: Money | None = None
    until: date | None = None

    @property
    def gap(self) -> Money | None:
        """How much the closing balance is above opening plus movements; None where a balance is missing."""
        if self.opening is None or self.closing is None:
            return None
        return self.closing - self.opening - sum((line.amount for line in self.lines), Money.zero(self.currency))


def meant_references(references: Iterable[str]) -> tuple[str, ...]:
    """References that say something, each once, in order: banks write NONREF and NOTPROVIDED where they have none."""
    stripped = (reference.strip() for reference in references)
    return tuple(dict.fromkeys(each for each in stripped if normal_reference(each) not in _SAYS_NOTHING))


def with_keys(lines: Iterable[BankLine]) -> tuple[BankLine, ...]:
    """The lines of one statement with their keys: account, day, amount and the bank's reference; without one, a hash.

    The amount is in the key because banks give one reference to a movement, its fee and its reversal. Lines that are alike
    in everything are counted; they stay together in every statement of their day.
    """
    seen: Counter[str] = Counter()
    keyed: list[BankLine] = []
    for line in lines:
        content = [line.value_on.isoformat(), *line.references, line.payer, line.text]
        name = line.bank_reference or digest_of_json(content)[:16]
        key = f"{line.account}/{line.booked_on.isoformat()}/{line.amount.minor}{line.amount.currency}/{name}"
        seen[key] += 1
        keyed.append(replace(line, key=key if seen[key] == 1 else f"{key}#{seen[key]}"))
    return tuple(keyed)


@dataclass(frozen=True, slots=True)
class ExpectedPayment:
    """A payment as its remittance announces it, in the currency in which it is paid."""

    partner: str
    number: str
    paid_on: date
    amount: Money

    def __str__(self) -> str:
        return f"payment {self.number} of {self.partner}, {self.amount} on {self.paid_on.isoformat()}"


@dataclass(frozen=True, slots=True)
class BankRules:
    """`as_of`: the last day of which the bank's lines are known. `days`: how long a payment may take. `payers`: its names."""

    as_of: date
    days: int = 5
    payers: tuple[str, ...] = ("AMAZON", "AMZN")

    def could_pay(self, line: BankLine) -> bool:
        """Whether the line's payer looks like the one we wait for; where the bank names none, its text."""
        said = normal_reference(line.payer or line.text)
        return any(normal_reference(name) in said for name in self.payers)

    def in_time(self, payment: ExpectedPayment, line: BankLine) -> bool:
        """Whether the line is booked, or valued, on the day of the payment or up to `days` later."""
        return any(0 <= (day - payment.paid_on).days <= self.days for day in (line.booked_on, line.value_on))


class TieRule(StrEnum):
    """What made a tie."""

    NUMBER = "payment-number"
    AMOUNT = "amount-payer-days"
    PARTS = "exact-parts"


@dataclass(frozen=True, slots=True)
class Tied:
    """Payments and the bank lines that are they, to the cent: mostly one and one, else a split or a joint credit."""

    payments: tuple[ExpectedPayment, ...]
    lines: tuple[BankLine, ...]
    rule: TieRule
    why: str


@dataclass(frozen=True, slots=True)
class BankContest:
    """Payments and lines that fit each other in more than one way: for a person, who sees them all."""

    payments: tuple[ExpectedPayment, ...]
    lines: tuple[BankLine, ...]
    rule: TieRule
    why: str


class BankDifference(StrEnum):
    """What does not agree between announcement and bank."""

    NOT_RECEIVED = "paid-not-received"
    NOT_ANNOUNCED = "received-not-announced"
    OTHER_AMOUNT = "other-amount"


@dataclass(frozen=True, slots=True)
class BankDiscrepancy:
    """Two facts that disagree. `money`: what is missing, or what came in beyond the announcement; positive is in our favour."""

    kind: BankDifference
    payments: tuple[ExpectedPayment, ...]
    lines: tuple[BankLine, ...]
    money: Money
    words: str


@dataclass(frozen=True, slots=True)
class BankMatching:
    """Every payment and line that matters stands in exactly one of these, or still has time."""

    ties: tuple[Tied, ...]
    contests: tuple[BankContest, ...]
    discrepancies: tuple[BankDiscrepancy, ...]
