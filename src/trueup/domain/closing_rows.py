"""What each number of a close is the sum of: the lines of the journal, or the invoices, that come to it to the cent.

A number is nothing without these: who doubts it opens its rows, and each row leads to the bytes that it rests on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trueup.domain.closing import (
    Accrual,
    Chain,
    ClosePack,
    Deducted,
    Disputed,
    Item,
    Receivable,
    Received,
    Roll,
    Settled,
    Suspense,
    Waits,
)


class Span(StrEnum):
    """Which days, by the month: before it, within it, or until its last day."""

    BEFORE = "before"
    WITHIN = "within"
    UNTIL = "until"


class Side(StrEnum):
    """Which side of an account. A line that takes an earlier one back belongs to the side of what it takes back (`taken`,
    `given`), or is a debit or a credit by its own sign."""

    DEBIT = "debit"
    CREDIT = "credit"
    TAKEN = "taken"
    GIVEN = "given"


class Kinds(StrEnum):
    """Which entries: payments and their corrections, what we gave up, anything else."""

    PAYMENTS = "payments"
    WRITE_OFFS = "write-offs"
    OTHERS = "others"


class Whose(StrEnum):
    """Whose the partner and the payee are: those of the invoice that a line is about, of its payment, or of its claim."""

    INVOICE = "invoice"
    PAYMENT = "payment"
    CLAIM = "claim"


@dataclass(frozen=True, slots=True)
class JournalRows:
    """The lines of the journal that a number is the sum of. What is empty does not narrow.

    `about`: "invoice" or "nothing", whether a line is about an invoice of ours. `back`: "yes" or "no", whether it takes an earlier
    one back. `claim` may be the empty claim, which is meant where `whose` is a claim's. `turned`: the number has the other sign.
    `copied`: types of which Amazon sends an invoice, unless the line is of a column.
    """

    currency: str
    span: Span = Span.WITHIN
    account: str = ""
    kinds: Kinds | None = None
    side: Side | None = None
    type: str = ""
    about: str = ""
    back: str = ""
    whose: Whose | None = None
    partner: str = ""
    payee: str = ""
    claim: str = ""
    case: str = ""
    reference: str = ""
    copied: bool = False
    turned: bool = False


class Part(StrEnum):
    """Which part of what a payee owes: how it moved through the month, or what is open at its end, by days since issue."""

    OPENING = "opening"
    INVOICED = "invoiced"
    LATE = "late"
    CLOSING = "closing"
    TO_30 = "0-30"
    TO_60 = "31-60"
    TO_90 = "61-90"
    BEYOND_90 = "over-90"
    OVERDUE = "overdue"
    RECEIPTS = "receipts"


@dataclass(frozen=True, slots=True)
class InvoiceRows:
    """The invoices of a payee that a number is the sum of. `receipts`: what was invoiced, without tax."""

    partner: str
    payee: str
    currency: str
    part: Part


Rows = JournalRows | InvoiceRows | None
"""None: no number, or one that is computed of others on the same row."""


def rows_received(pack: ClosePack, of: Received) -> tuple[Rows, ...]:
    """Currency, amount, postings."""
    rows = JournalRows(of.currency, account=pack.setting.cash)
    return None, rows, rows


def rows_settled(pack: ClosePack, of: Settled) -> tuple[Rows, ...]:
    """Currency, on invoices, without an invoice."""
    account = pack.setting.receivable
    return (
        None,
        JournalRows(of.currency, account=account, kinds=Kinds.PAYMENTS, about="invoice", turned=True),
        JournalRows(of.currency, account=account, kinds=Kinds.PAYMENTS, about="nothing", turned=True),
    )


def rows_deducted(_: ClosePack, of: Deducted) -> tuple[Rows, ...]:
    """Type, account, gross, given back, net."""

    def rows(side: Side | None, *, turned: bool = False) -> JournalRows:
        return JournalRows(
            of.currency, account=of.account, kinds=Kinds.PAYMENTS, side=side, type=of.type, turned=turned
        )

    return None, None, rows(Side.TAKEN), rows(Side.GIVEN, turned=True), rows(None)


def rows_disputed(_: ClosePack, of: Disputed) -> tuple[Rows, ...]:
    """Account, opening, taken, given back, written off, other, closing."""
    account, currency = of.account, of.currency
    return (
        None,
        JournalRows(currency, Span.BEFORE, account),
        JournalRows(currency, account=account, kinds=Kinds.PAYMENTS, side=Side.TAKEN),
        JournalRows(currency, account=account, kinds=Kinds.PAYMENTS, side=Side.GIVEN, turned=True),
        JournalRows(currency, account=account, kinds=Kinds.WRITE_OFFS, turned=True),
        JournalRows(currency, account=account, kinds=Kinds.OTHERS),
        JournalRows(currency, Span.UNTIL, account),
    )


def rows_of_chain(_: ClosePack, of: Chain) -> tuple[Rows, ...]:
    """Partner, claim, amount, since, days."""
    rows = JournalRows(of.currency, Span.UNTIL, of.account, whose=Whose.CLAIM, partner=of.partner, claim=of.claim)
    return None, None, rows, None, None


def rows_suspense(pack: ClosePack, of: Suspense) -> tuple[Rows, ...]:
    """Currency, opening, came, explained, closing. As Amazon pays: the other sign than in the books."""
    account, currency = pack.setting.suspense, of.currency
    return (
        None,
        JournalRows(currency, Span.BEFORE, account, turned=True),
        JournalRows(currency, account=account, back="no", turned=True),
        JournalRows(currency, account=account, back="yes"),
        JournalRows(currency, Span.UNTIL, account, turned=True),
    )


def rows_waiting(pack: ClosePack, of: Waits) -> tuple[Rows, ...]:
    """Case, about, amount, unexplained, lines, since. Lines that cancel each other are shown, and are not counted."""
    rows = JournalRows(of.currency, Span.UNTIL, pack.setting.suspense, case=of.case, turned=True)
    return None, None, rows if of.case else None, None, None, None


def rows_rolled(_: ClosePack, of: Roll) -> tuple[Rows, ...]:
    """Account or currency, opening, debits, credits, closing."""
    account, currency = of.account, of.currency
    return (
        None,
        JournalRows(currency, Span.BEFORE, account),
        JournalRows(currency, account=account, side=Side.DEBIT),
        JournalRows(currency, account=account, side=Side.CREDIT, turned=True),
        JournalRows(currency, Span.UNTIL, account),
    )


def rows_receivable(pack: ClosePack, of: Receivable) -> tuple[Rows, ...]:
    """Partner, payee, opening, invoiced, known late, settled, closing."""
    settled = JournalRows(
        of.currency,
        account=pack.setting.receivable,
        kinds=Kinds.PAYMENTS,
        about="invoice",
        whose=Whose.INVOICE,
        partner=of.partner,
        payee=of.payee,
        turned=True,
    )
    opening, invoiced, late, closing = _invoices(of, Part.OPENING, Part.INVOICED, Part.LATE, Part.CLOSING)
    return None, None, opening, invoiced, late, settled, closing


def rows_aged(_: ClosePack, of: Receivable) -> tuple[Rows, ...]:
    """Partner, payee, by days since issue, open, overdue."""
    ages = (Part.TO_30, Part.TO_60, Part.TO_90, Part.BEYOND_90, Part.CLOSING, Part.OVERDUE)
    return None, None, *_invoices(of, *ages)


def rows_accrued(_: ClosePack, of: Accrual) -> tuple[Rows, ...]:
    """Partner, payee, kind, net receipts, expected (computed: its words say how), charged, why."""
    charged = JournalRows(of.currency, type=of.kind, whose=Whose.PAYMENT, partner=of.partner, payee=of.payee)
    (receipts,) = _invoices(of, Part.RECEIPTS)
    return None, None, None, receipts, None, charged, None


def rows_without_copy(_: ClosePack, of: Item) -> tuple[Rows, ...]:
    """About, what, amount. What stands for several has no rows of its own."""
    rows = JournalRows(of.currency, kinds=Kinds.PAYMENTS, reference=of.about, copied=True)
    return None, None, rows if of.count == 1 else None


def _invoices(of: Receivable | Accrual, *parts: Part) -> tuple[InvoiceRows, ...]:
    return tuple(InvoiceRows(of.partner, of.payee, of.currency, part) for part in parts)
