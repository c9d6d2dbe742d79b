"""A statement while it is read, whatever its format: what is collected, and the one check that holds for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from trueup.base.money import Money
from trueup.domain.bank import BankLine, Statement, with_keys
from trueup.formats.document import Location, Severity
from trueup.formats.tabular import Findings


@dataclass(slots=True)
class Draft:
    """What is known of a statement so far. `account` and `currency` may come after the first line."""

    location: Location
    account: str = ""
    number: str = ""
    currency: str = ""
    lines: list[BankLine] = field(default_factory=list)
    opening: Money | None = None
    closing: Money | None = None
    until: date | None = None
    unbooked: int = 0

    def add(self, line: BankLine, location: Location, findings: Findings) -> None:
        """Take a line in. One in another currency than its account cannot be part of its balance: a finding."""
        self.currency = self.currency or line.amount.currency
        if line.amount.currency == self.currency:
            self.lines.append(line)
        else:
            words = f"{line.amount} on an account in {self.currency}; it is not taken in, ask the bank"
            findings.add("currency", words, location)

    def balance(self, money: Money, what: str, location: Location, findings: Findings) -> Money | None:
        """A balance of this statement; None, with a finding, when it is in another currency."""
        self.currency = self.currency or money.currency
        if money.currency == self.currency:
            return money
        words = f"{what} balance {money} of an account in {self.currency}; it is not checked"
        findings.add("currency", words, location, Severity.WARNING)
        return None


def plain_account(text: str) -> str:
    """An account as it is compared: IBANs are printed in groups of four."""
    return "".join(text.split()).upper()


def finish(draft: Draft, findings: Findings) -> Statement:
    """The statement, its lines with keys. That it does not add up, and what it only announces, are findings."""
    statement = Statement(
        account=draft.account,
        number=draft.number,
        currency=draft.currency,
        lines=with_keys(replace(line, account=draft.account) for line in draft.lines),
        opening=draft.opening,
        closing=draft.closing,
        until=draft.until or max((line.booked_on for line in draft.lines), default=None),
    )
    named = f"statement {draft.number or '(no number)'} of account {draft.account or '(not named)'}"
    if gap := statement.gap:
        moved = sum((line.amount for line in statement.lines), Money.zero(draft.currency))
        words = (
            f"{named}: opening {draft.opening} and {len(draft.lines)} movements of {moved} do not give closing "
            f"{draft.closing} ({abs(gap)} {'missing' if gap.minor > 0 else 'too much'}); ask the bank for it again"
        )
        findings.add("balance", words, draft.location, Severity.WARNING)
    if draft.unbooked:
        words = f"{named}: entries not booked yet: {draft.unbooked}; left out, they come again when they are"
        findings.add("not-booked", words, draft.location, Severity.WARNING)
    return statement
