"""The journal: accounts, signed lines and entries that balance by construction. Nothing is edited; corrections are reversals.

Lines are signed: a debit is positive, a credit negative, and an entry sums to zero in each of its currencies. That is double
entry as every ledger has it; exports turn signs into two columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from trueup.base.errors import Invalid
from trueup.base.money import Money
from trueup.base.unguarded import unguarded


class AccountType(StrEnum):
    """Where an account stands in the statements: the first two in the balance sheet, the last two in profit and loss."""

    ASSET = "asset"
    LIABILITY = "liability"
    INCOME = "income"
    EXPENSE = "expense"


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the books. `code` is how the books know it, `name` how people do; contra-revenue is of type INCOME."""

    code: str
    name: str
    type: AccountType

    def __post_init__(self) -> None:
        for what, text, most in (("code", self.code, 40), ("name", self.name, 100)):
            if not text or text != text.strip() or len(text) > most or not text.isprintable():
                raise Invalid(
                    f"Account {self.code!r}: its {what} is {text!r}, expected 1 to {most} printable characters."
                )


@unguarded
@dataclass(frozen=True, slots=True)
class JournalLine:
    """A posting to an account: a debit where `amount` is positive, a credit where it is negative.

    `reference`: the invoice, claim or payment it is about, as written in the document. `source_line`: the number of the line
    in the document that it comes from, None for what the entry as a whole makes (cash, a difference).
    """

    account: str
    amount: Money
    reference: str = ""
    memo: str = ""
    source_line: int | None = None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """An entry of the journal. `key` is its natural key: an entry is posted once under it.

    `evidence`: the hash of the document it follows from. `reverses`: the key of the entry that it takes back, if any.
    Raises Invalid when it does not sum to zero in every currency, has fewer than two lines, or one of nothing.
    """

    key: str
    day: date
    narration: str
    lines: tuple[JournalLine, ...]
    evidence: str
    reverses: str = ""

    def __post_init__(self) -> None:
        if len(self.lines) < 2:
            raise Invalid(f"Entry {self.key!r} has {len(self.lines)} lines, expected at least two.")
        sums: defaultdict[str, int] = defaultdict(int)
        for line in self.lines:
            if not line.amount.minor:
                raise Invalid(f"Entry {self.key!r}: the line on account {line.account} is of nothing; leave it out.")
            sums[line.amount.currency] += line.amount.minor
        for currency, minor in sums.items():
            if minor:
                raise Invalid(
                    f"Entry {self.key!r} does not balance: debits less credits are {Money(minor, currency)}, expected 0."
                )


def reversal(entry: JournalEntry, *, key: str, day: date, narration: str) -> JournalEntry:
    """The entry that takes `entry` back: every line with the other sign."""
    lines = tuple(
        JournalLine(line.account, -line.amount, line.reference, line.memo, line.source_line) for line in entry.lines
    )
    return JournalEntry(key, day, narration, lines, entry.evidence, reverses=entry.key)


def balances(entries: Iterable[JournalEntry]) -> dict[tuple[str, str], int]:
    """Debits less credits in minor units by account and currency; accounts that come to nothing are left out."""
    sums: defaultdict[tuple[str, str], int] = defaultdict(int)
    for entry in entries:
        for line in entry.lines:
            sums[line.account, line.amount.currency] += line.amount.minor
    return {key: minor for key, minor in sums.items() if minor}
