"""Credit notes: what a customer keeps of an invoice for good lowers its tax, by a document of ours that names the invoice.

Whether a deduction lowers the price of goods, so that a note is owed, is agreed: an agreement lists the accounts by what they are
for. Sources: directive 2006/112/EC, article 90 (the taxable amount is reduced after the supply) and article 219 (what amends an
invoice refers to it specifically and unambiguously).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from trueup.base.money import Money
from trueup.domain.chart import Chart
from trueup.domain.partners import Agreement
from trueup.domain.settlement import Placement

TYPE, KIND = "credit-note", "credit-note"
GROSS, NET, TAX = 1, 2, 3
"""The parts of the entry that a note makes, as its lines are numbered."""


@dataclass(frozen=True, slots=True)
class Credited:
    """An invoice of ours that something is kept of: `total` with tax, `tax` in it; minor units of its currency."""

    id: int
    partner: str
    payee: str
    number: str
    purchase_order: str
    issued_on: date
    currency: str
    total: int
    tax: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What stands on an account of an invoice: `kept` for good, `credited` by notes before, `taxed` the tax those took back."""

    invoice: Credited
    account: str
    kept: int
    credited: int
    taxed: int


@dataclass(frozen=True, slots=True)
class CreditNote:
    """A note: `gross` with the `tax` in it, about one invoice and one account. Negative where something credited was given back."""

    invoice: Credited
    account: str
    gross: int
    tax: int

    @property
    def net(self) -> Money:
        """Without tax."""
        return Money(self.gross - self.tax, self.invoice.currency)

    def placements(self, number: str, tax_account: str) -> tuple[Placement, ...]:
        """Its entry: the account had the deduction with tax, and keeps what is without; the tax comes off what we owe."""
        of, rule = self.invoice, f"credit note for invoice {self.invoice.number}"

        def place(line: int, account: str, minor: int) -> Placement:
            return Placement(line, account, minor, of.currency, number, TYPE, of.id, rule=rule)

        parts = (
            place(GROSS, self.account, -self.gross),
            place(NET, self.account, self.gross - self.tax),
            place(TAX, tax_account, self.tax),
        )
        return tuple(each for each in parts if each.minor)


def wants_notes(terms: Agreement, invoice: Credited) -> bool:
    """Whether the invoice stands under terms that want notes."""
    return (
        bool(terms.credit_notes)
        and (terms.partner, terms.vendor_code) == (invoice.partner, invoice.payee)
        and terms.valid_from <= invoice.issued_on
        and (terms.valid_to is None or invoice.issued_on < terms.valid_to)
    )


def accounts_of(terms: Agreement, chart: Chart) -> frozenset[str]:
    """The accounts whose deductions lower the price under these terms."""
    return frozenset(chart.code(purpose) for purpose in terms.credit_notes)


def owed(rows: Iterable[Kept]) -> list[CreditNote]:
    """The notes that are still to be issued, by invoice and account.

    The tax is the invoice's own share, rounded half to even of all that is credited of it: over any number of notes the cents
    come to the tax of the invoice, and never to more.
    """
    notes: list[CreditNote] = []
    by_invoice: dict[int, list[Kept]] = {}
    for row in rows:
        by_invoice.setdefault(row.invoice.id, []).append(row)
    for group in by_invoice.values():
        notes += _of_invoice(sorted(group, key=lambda row: row.account))
    return notes


def _of_invoice(group: Sequence[Kept]) -> Iterable[CreditNote]:
    invoice = group[0].invoice
    share = Fraction(invoice.tax, invoice.total) if invoice.total else Fraction(0)
    credited, taxed = sum(row.credited for row in group), sum(row.taxed for row in group)
    for row in group:
        gross = row.kept - row.credited
        if not gross:
            continue
        tax = round((credited + gross) * share) - taxed
        credited, taxed = credited + gross, taxed + tax
        yield CreditNote(invoice, row.account, gross, tax)


def next_number(day: date, used: Iterable[str]) -> str:
    """The number after those used in a year, without gaps: `CN-2026-000001`."""
    stem = f"CN-{day.year}-"
    last = max((int(number.removeprefix(stem)) for number in used if number.startswith(stem)), default=0)
    return f"{stem}{last + 1:06d}"
