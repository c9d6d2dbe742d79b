"""The tables of a close: of each its rows, and what every number of a row is the sum of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from trueup.base.money import Money
from trueup.domain.closing import (
    Accrual,
    Answered,
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
from trueup.domain.closing_rows import (
    Rows,
    rows_accrued,
    rows_aged,
    rows_deducted,
    rows_disputed,
    rows_of_chain,
    rows_receivable,
    rows_received,
    rows_rolled,
    rows_settled,
    rows_suspense,
    rows_waiting,
    rows_without_copy,
)
from trueup.reports import workbook

Cells = Sequence[workbook.Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the pack: its title, a sentence, its headings by commas (a star: wide), what it lists, and the cells of each.

    `behind`: of each thing what its cells are the sum of, cell by cell; None where no number leads anywhere.
    """

    title: str
    words: str
    headings: str
    listed: Callable[[ClosePack], Sequence[Any]]
    cells: Callable[[ClosePack, Any], Cells]
    behind: Callable[[ClosePack, Any], tuple[Rows, ...]] | None = None

    @property
    def name(self) -> str:
        """For addresses: `open-claims`."""
        return self.title.lower().replace(" ", "-")

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(name.removeprefix("*").capitalize() for name in self.headings.split(", "))

    @property
    def wide(self) -> frozenset[str]:
        """Those of long text."""
        return frozenset(name[1:].capitalize() for name in self.headings.split(", ") if name.startswith("*"))

    def rows(self, pack: ClosePack) -> Iterator[Cells]:
        """The cells of every row."""
        return (self.cells(pack, each) for each in self.listed(pack))


def _account(pack: ClosePack, code: str) -> str:
    name = pack.setting.names.get(code)
    return f"{code} {name}" if name else code


def _label(pack: ClosePack, code: str) -> str:
    return pack.setting.labels.get(code) or code.replace("-", " ")


def _in(currency: str, *minors: int) -> tuple[Money, ...]:
    return tuple(Money(minor, currency) for minor in minors)


def _received(_: ClosePack, of: Received) -> Cells:
    return of.currency, *_in(of.currency, of.minor), of.postings


def _settled(_: ClosePack, of: Settled) -> Cells:
    return of.currency, *_in(of.currency, of.minor, of.without_invoice)


def _deducted(pack: ClosePack, of: Deducted) -> Cells:
    sums = _in(of.currency, of.gross, of.given_back, of.net)
    return _label(pack, of.type), _account(pack, of.account), *sums


def _disputed(pack: ClosePack, of: Disputed) -> Cells:
    sums = _in(of.currency, of.opening, of.taken, of.given_back, of.written_off, of.other, of.closing)
    return _account(pack, of.account), *sums


def _chain(pack: ClosePack, of: Chain) -> Cells:
    days = (pack.of.last - of.since).days
    return of.partner, of.claim or "(none)", Money(of.minor, of.currency), of.since, days


def _suspense(_: ClosePack, of: Suspense) -> Cells:
    return of.currency, *_in(of.currency, of.opening, of.came, of.explained, of.closing)


def _waiting(pack: ClosePack, of: Waits) -> Cells:
    number = pack.observed.cases.get(of.case)
    sums = _in(of.currency, of.minor, of.unexplained)
    return f"case {number}" if number else "", of.case or "(no case)", *sums, of.lines, of.since


def _provision(_: ClosePack, of: Roll) -> Cells:
    return of.currency, *_in(of.currency, of.opening, of.debits, of.credits, of.closing)


def _rolled(_: ClosePack, of: Receivable) -> Cells:
    return of.partner, of.payee, *_in(of.currency, of.opening, of.invoiced, of.late, of.settled, of.closing)


def _aged(_: ClosePack, of: Receivable) -> Cells:
    sums = (of.to_30, of.to_60, of.to_90, of.beyond_90, of.closing, of.overdue)
    return of.partner, of.payee, *_in(of.currency, *sums)


def _accrued(pack: ClosePack, of: Accrual) -> Cells:
    expected = Money(of.expected, of.currency) if of.expected is not None else None
    money = Money(of.net_receipts, of.currency), expected, Money(of.charged, of.currency)
    return of.partner, of.payee, _label(pack, of.kind), *money, of.words


def _item(_: ClosePack, of: Item) -> Cells:
    about = of.about if of.count == 1 else f"{of.count:,} {of.about}"
    return about, of.words, Money(of.minor, of.currency) if of.currency else None


def _trial(pack: ClosePack, of: Roll) -> Cells:
    return _account(pack, of.account), *_in(of.currency, of.opening, of.debits, of.credits, of.closing)


def _answer(_: ClosePack, of: Answered) -> Cells:
    return of.point, of.standing, of.text, of.signed_by, of.note, of.reviewed_by, of.why


def _largest_first(pack: ClosePack) -> Sequence[Chain]:
    return sorted(pack.figures.claims, key=lambda each: (-abs(each.minor), each.partner, each.claim))


_LIST = "about, *what, amount"
ANSWERS = "Answered for"
"""The table of who signed which point."""
TABLES = (
    Table(
        "Received",
        "Cash as the payments say it, by currency.",
        "currency, amount, postings",
        lambda pack: pack.figures.received,
        _received,
        rows_received,
    ),
    Table(
        "Settled",
        "What payments settled: on invoices of ours, and on the receivable without one.",
        "currency, on invoices, without an invoice",
        lambda pack: pack.figures.settled,
        _settled,
        rows_settled,
    ),
    Table(
        "Deducted by type",
        "Taken, given back, and net. A correction is in the side of what it corrects.",
        "*type, *account, gross, given back, net",
        lambda pack: pack.figures.deducted,
        _deducted,
        rows_deducted,
    ),
    Table(
        "Claims in dispute",
        "How the accounts of claims moved.",
        "*account, opening, taken, given back, written off, other, closing",
        lambda pack: pack.figures.disputed,
        _disputed,
        rows_disputed,
    ),
    Table(
        "Open claims",
        "Each claim with a balance at the month's end, the largest first.",
        "partner, *claim, amount, since, days",
        _largest_first,
        _chain,
        rows_of_chain,
    ),
    Table(
        "Suspense",
        "As Amazon pays: what raised a payment and is not explained is positive.",
        "currency, opening, came, explained, closing",
        lambda pack: pack.figures.suspense,
        _suspense,
        rows_suspense,
    ),
    Table(
        "Waiting for an explanation",
        "Each case, the oldest first; every cent counts in unexplained, whatever its sign.",
        "case, *about, amount, unexplained, lines, since",
        lambda pack: pack.figures.waiting,
        _waiting,
        rows_waiting,
    ),
    Table(
        "Provisions",
        "Held back for a while: clearing, nothing over its life.",
        "currency, opening, held back, given back, closing",
        lambda pack: pack.figures.provisions,
        _provision,
        rows_rolled,
    ),
    Table(
        "Open provisions",
        "Each one that is not given back.",
        "partner, *provision, amount, since, days",
        lambda pack: pack.figures.open_provisions,
        _chain,
        rows_of_chain,
    ),
    Table(
        "Receivables rolled forward",
        "Opening, invoiced, settled; closing is the sum of what is open of each invoice.",
        "partner, payee, opening, invoiced, known late, settled, closing",
        lambda pack: pack.figures.receivables,
        _rolled,
        rows_receivable,
    ),
    Table(
        "Aged receivables",
        "What is open of each invoice by days since it was issued; overdue is what is beyond its due day.",
        "partner, payee, 0-30, 31-60, 61-90, over 90, open, overdue",
        lambda pack: pack.figures.receivables,
        _aged,
        rows_aged,
    ),
    Table(
        "Expected and charged",
        "Co-op and allowances: the terms on net receipts beside what was charged.",
        "partner, payee, *kind, net receipts, expected, charged, *why",
        lambda pack: pack.accruals,
        _accrued,
        rows_accrued,
    ),
    Table(
        "Payments that do not tie",
        "The difference is in suspense, or someone decided what it is.",
        _LIST,
        lambda pack: pack.observed.not_tying,
        _item,
    ),
    Table(
        "Payments with hidden items",
        "The export itself says that it does not show all of their lines.",
        _LIST,
        lambda pack: pack.observed.hidden,
        _item,
    ),
    Table("Held payments", "They arrived after their month was closed.", _LIST, lambda pack: pack.observed.held, _item),
    Table(
        "Sources that differ",
        "Payments that two sources tell differently.",
        _LIST,
        lambda pack: pack.observed.differing,
        _item,
    ),
    Table(
        "Payments and the bank",
        "Paid and not received, received and not announced, another amount.",
        _LIST,
        lambda pack: pack.observed.bank,
        _item,
    ),
    Table(
        "Payments without a bank line",
        "No line of a bank statement is tied to them.",
        _LIST,
        lambda pack: pack.observed.untied,
        _item,
    ),
    Table(
        "Deductions without a copy",
        "No document of that number is archived.",
        _LIST,
        lambda pack: pack.observed.without_copy,
        _item,
        rows_without_copy,
    ),
    Table(
        "Documents not read whole",
        "What is in them may be missing here.",
        _LIST,
        lambda pack: pack.observed.unread,
        _item,
    ),
    Table(
        ANSWERS,
        "Who signed each point of the checklist, why, and who looked again; what was open when the month was closed all the same.",
        "point, standing, *it read, signed by, *reason, reviewed by, *in spite of",
        lambda pack: pack.answers,
        _answer,
    ),
    Table(
        "Trial balance",
        "Every account, debits positive.",
        "*account, opening, debits, credits, closing",
        lambda pack: pack.figures.balances,
        _trial,
        rows_rolled,
    ),
)
