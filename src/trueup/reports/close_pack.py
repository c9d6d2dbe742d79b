"""The close pack for people: the month's figures and its checklist as a PDF, and every row of them as a workbook.

The same pack gives the same bytes. Long lists are cut in the PDF, which says so; the workbook has them whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO, assert_never

from trueup.base.clock import write_instant
from trueup.base.money import Money
from trueup.domain.closing import ClosePack, Item, day_words, unexplained
from trueup.domain.closing_checklist import Light, checklist
from trueup.reports import pages, workbook
from trueup.reports.pages import Block, Check, Checklist, Figure, Figures, Grid, Heading, Words

MOST_ROWS = 60
"""Of a list in the PDF."""
_COLUMN_WIDTH = 16


def write_close_pack_pages(pack: ClosePack) -> bytes:
    """The pack as a PDF."""
    cover = pages.Cover(f"Close of {pack.of.words}", _subtitle(pack), wide=True)
    return pages.write_pages(cover, _blocks(pack))


def write_close_pack_workbook(out: BinaryIO, pack: ClosePack) -> None:
    """The pack as XLSX, a sheet a table."""
    points = [(point.light.value, point.text, point.detail) for point in checklist(pack)]
    head = workbook.Sheet(
        "Checklist",
        (workbook.Column("Light", 10), workbook.Column("Point", 70), workbook.Column("Detail", 80)),
        [("", _subtitle(pack), ""), *points],
    )
    sheets = [
        workbook.Sheet(
            table.title,
            tuple(workbook.Column(name, 40 if name in table.wide else _COLUMN_WIDTH) for name in table.columns),
            table.rows(pack),
        )
        for table in TABLES
    ]
    properties = workbook.Properties(f"Close of {pack.of.words}", pack.known_at, _subtitle(pack))
    workbook.write_workbook(out, [head, *sheets], properties)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the pack: its title, a sentence, its headings by commas (a star: wide), and what makes its rows of a pack."""

    title: str
    words: str
    headings: str
    rows: Callable[[ClosePack], Iterator[Sequence[workbook.Cell]]]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(name.removeprefix("*").capitalize() for name in self.headings.split(", "))

    @property
    def wide(self) -> frozenset[str]:
        """Those of long text."""
        return frozenset(name[1:].capitalize() for name in self.headings.split(", ") if name.startswith("*"))


def _subtitle(pack: ClosePack) -> str:
    known = f"As of {day_words(pack.of.last)}, known at {write_instant(pack.known_at.replace(microsecond=0))}"
    if not pack.closed_by:
        return f"{known}. Not closed yet."
    closed = f"{known}. Closed by {pack.closed_by}, approved by {pack.approved_by}."
    return f"{closed} In spite of open points: {pack.override}" if pack.override else closed


def _blocks(pack: ClosePack) -> Iterator[Block]:
    yield Heading("Checklist")
    yield Checklist(tuple(Check(_light(point.light), point.text, point.detail) for point in checklist(pack)))
    yield Heading("At a glance")
    yield Figures(tuple(_glance(pack)))
    for table in TABLES:
        rows = list(table.rows(pack))
        yield Heading(table.title, level=2)
        yield Words(table.words, quiet=True)
        yield _grid(table, rows[:MOST_ROWS])
        if len(rows) > MOST_ROWS:
            yield Words(f"{len(rows) - MOST_ROWS:,} further rows are in the workbook.", quiet=True)


def _grid(table: Table, rows: Iterable[Sequence[workbook.Cell]]) -> Grid:
    shown = [tuple(_text(cell) for cell in cells) for cells in rows]
    numeric = {at for cells in rows for at, cell in enumerate(cells) if isinstance(cell, Money | int)}
    columns = tuple(
        pages.Column(name, 24 if name in table.wide else 10, right=at in numeric)
        for at, name in enumerate(table.columns)
    )
    return Grid(columns, shown)


def _text(cell: workbook.Cell) -> str:
    match cell:
        case None:
            return ""
        case Money():
            return pages.shown(cell)
        case int():
            return f"{cell:,}"
        case date():
            return day_words(cell)
        case _:
            return str(cell)


def _glance(pack: ClosePack) -> Iterator[Figure]:
    figures = pack.figures
    for got in figures.received:
        yield Figure(f"Received in {got.currency}", _money(got.minor, got.currency), f"{got.postings:,} postings")
    for paid in figures.settled:
        yield Figure(f"Settled in {paid.currency}", _money(paid.minor + paid.without_invoice, paid.currency))
    for currency in sorted({each.currency for each in figures.deducted}):
        net = sum(each.net for each in figures.deducted if each.currency == currency)
        yield Figure(f"Deducted in {currency}", _money(net, currency), "net of what was given back")
    for currency in sorted({each.currency for each in figures.disputed}):
        minor = sum(each.closing for each in figures.disputed if each.currency == currency)
        yield Figure(f"In dispute in {currency}", _money(minor, currency))
    cents = unexplained(figures.waiting)
    for currency, (minor, since) in sorted(cents.items()):
        yield Figure(f"Unexplained in {currency}", _money(minor, currency), f"the oldest since {day_words(since)}")
    if not cents:
        yield Figure("Unexplained", "0 cents", "the goal")


def _money(minor: int, currency: str) -> str:
    return pages.shown(Money(minor, currency))


def _light(light: Light) -> pages.Light:
    match light:
        case Light.GREEN:
            return pages.Light.GREEN
        case Light.YELLOW:
            return pages.Light.AMBER
        case Light.RED:
            return pages.Light.RED
        case _:
            assert_never(light)


Rows = Iterator[Sequence[workbook.Cell]]


def _account(pack: ClosePack, code: str) -> str:
    name = pack.setting.names.get(code)
    return f"{code} {name}" if name else code


def _label(pack: ClosePack, code: str) -> str:
    return pack.setting.labels.get(code) or code.replace("-", " ")


def _received(pack: ClosePack) -> Rows:
    for each in pack.figures.received:
        yield each.currency, Money(each.minor, each.currency), each.postings


def _settled(pack: ClosePack) -> Rows:
    for each in pack.figures.settled:
        yield each.currency, Money(each.minor, each.currency), Money(each.without_invoice, each.currency)


def _deducted(pack: ClosePack) -> Rows:
    for each in pack.figures.deducted:
        money = (Money(minor, each.currency) for minor in (each.gross, each.given_back, each.net))
        yield _label(pack, each.type), _account(pack, each.account), *money


def _disputed(pack: ClosePack) -> Rows:
    for each in pack.figures.disputed:
        sums = (each.opening, each.taken, each.given_back, each.written_off, each.other, each.closing)
        yield _account(pack, each.account), *(Money(minor, each.currency) for minor in sums)


def _claims(pack: ClosePack) -> Rows:
    for each in sorted(pack.figures.claims, key=lambda each: (-abs(each.minor), each.partner, each.claim)):
        days = (pack.of.last - each.since).days
        yield each.partner, each.claim or "(none)", Money(each.minor, each.currency), each.since, days


def _suspense(pack: ClosePack) -> Rows:
    for each in pack.figures.suspense:
        sums = (each.opening, each.came, each.explained, each.closing)
        yield each.currency, *(Money(minor, each.currency) for minor in sums)


def _waiting(pack: ClosePack) -> Rows:
    for each in pack.figures.waiting:
        money = Money(each.minor, each.currency), Money(each.unexplained, each.currency)
        number = pack.observed.cases.get(each.case)
        yield f"case {number}" if number else "", each.case or "(no case)", *money, each.lines, each.since


def _provisions(pack: ClosePack) -> Rows:
    for each in pack.figures.provisions:
        sums = (each.opening, each.debits, each.credits, each.closing)
        yield each.currency, *(Money(minor, each.currency) for minor in sums)


def _open_provisions(pack: ClosePack) -> Rows:
    for each in pack.figures.open_provisions:
        days = (pack.of.last - each.since).days
        yield each.partner, each.claim or "(none)", Money(each.minor, each.currency), each.since, days


def _rolled(pack: ClosePack) -> Rows:
    for each in pack.figures.receivables:
        sums = (each.opening, each.invoiced, each.late, each.settled, each.closing)
        yield each.partner, each.payee, *(Money(minor, each.currency) for minor in sums)


def _aged(pack: ClosePack) -> Rows:
    for each in pack.figures.receivables:
        sums = (each.to_30, each.to_60, each.to_90, each.beyond_90, each.closing, each.overdue)
        yield each.partner, each.payee, *(Money(minor, each.currency) for minor in sums)


def _accruals(pack: ClosePack) -> Rows:
    for each in pack.accruals:
        expected = Money(each.expected, each.currency) if each.expected is not None else None
        money = Money(each.net_receipts, each.currency), expected, Money(each.charged, each.currency)
        yield each.partner, each.payee, _label(pack, each.kind), *money, each.words


def _points(items: Callable[[ClosePack], tuple[Item, ...]]) -> Callable[[ClosePack], Rows]:
    def rows(pack: ClosePack) -> Rows:
        for each in items(pack):
            money = Money(each.minor, each.currency) if each.currency else None
            about = each.about if each.count == 1 else f"{each.count:,} {each.about}"
            yield about, each.words, money

    return rows


def _trial(pack: ClosePack) -> Rows:
    for each in pack.figures.balances:
        sums = (each.opening, each.debits, each.credits, each.closing)
        yield _account(pack, each.account), *(Money(minor, each.currency) for minor in sums)


def _answers(pack: ClosePack) -> Rows:
    for each in pack.answers:
        yield each.point, each.standing, each.text, each.signed_by, each.note, each.reviewed_by, each.why


_LIST = "about, *what, amount"
TABLES = (
    Table("Received", "Cash as the payments say it, by currency.", "currency, amount, postings", _received),
    Table(
        "Settled",
        "What payments settled: on invoices of ours, and on the receivable without one.",
        "currency, on invoices, without an invoice",
        _settled,
    ),
    Table(
        "Deducted by type",
        "Taken, given back, and net. A correction is in the side of what it corrects.",
        "*type, *account, gross, given back, net",
        _deducted,
    ),
    Table(
        "Claims in dispute",
        "How the accounts of claims moved.",
        "*account, opening, taken, given back, written off, other, closing",
        _disputed,
    ),
    Table(
        "Open claims",
        "Each claim with a balance at the month's end, the largest first.",
        "partner, *claim, amount, since, days",
        _claims,
    ),
    Table(
        "Suspense",
        "As Amazon pays: what raised a payment and is not explained is positive.",
        "currency, opening, came, explained, closing",
        _suspense,
    ),
    Table(
        "Waiting for an explanation",
        "Each case, the oldest first; every cent counts in unexplained, whatever its sign.",
        "case, *about, amount, unexplained, lines, since",
        _waiting,
    ),
    Table(
        "Provisions",
        "Held back for a while: clearing, nothing over its life.",
        "currency, opening, held back, given back, closing",
        _provisions,
    ),
    Table(
        "Open provisions",
        "Each one that is not given back.",
        "partner, *provision, amount, since, days",
        _open_provisions,
    ),
    Table(
        "Receivables rolled forward",
        "Opening, invoiced, settled; closing is the sum of what is open of each invoice.",
        "partner, payee, opening, invoiced, known late, settled, closing",
        _rolled,
    ),
    Table(
        "Aged receivables",
        "What is open of each invoice by days since it was issued; overdue is what is beyond its due day.",
        "partner, payee, 0-30, 31-60, 61-90, over 90, open, overdue",
        _aged,
    ),
    Table(
        "Expected and charged",
        "Co-op and allowances: the terms on net receipts beside what was charged.",
        "partner, payee, *kind, net receipts, expected, charged, *why",
        _accruals,
    ),
    Table(
        "Payments that do not tie",
        "The difference is in suspense, or someone decided what it is.",
        _LIST,
        _points(lambda pack: pack.observed.not_tying),
    ),
    Table(
        "Payments with hidden items",
        "The export itself says that it does not show all of their lines.",
        _LIST,
        _points(lambda pack: pack.observed.hidden),
    ),
    Table(
        "Held payments", "They arrived after their month was closed.", _LIST, _points(lambda pack: pack.observed.held)
    ),
    Table(
        "Sources that differ",
        "Payments that two sources tell differently.",
        _LIST,
        _points(lambda pack: pack.observed.differing),
    ),
    Table(
        "Payments and the bank",
        "Paid and not received, received and not announced, another amount.",
        _LIST,
        _points(lambda pack: pack.observed.bank),
    ),
    Table(
        "Payments without a bank line",
        "No line of a bank statement is tied to them.",
        _LIST,
        _points(lambda pack: pack.observed.untied),
    ),
    Table(
        "Deductions without a copy",
        "No document of that number is archived.",
        _LIST,
        _points(lambda pack: pack.observed.without_copy),
    ),
    Table(
        "Documents not read whole",
        "What is in them may be missing here.",
        _LIST,
        _points(lambda pack: pack.observed.unread),
    ),
    Table(
        "Answered for",
        "Who signed each point of the checklist, why, and who looked again; what was open when the month was closed all the same.",
        "point, standing, *it read, signed by, *reason, reviewed by, *in spite of",
        _answers,
    ),
    Table("Trial balance", "Every account, debits positive.", "*account, opening, debits, credits, closing", _trial),
)
