"""The close pack for people: the month's figures and its checklist as a PDF, and every row of them as a workbook.

The same pack gives the same bytes. Long lists are cut in the PDF, which says so; the workbook has them whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import BinaryIO, assert_never

from trueup.base.clock import write_instant
from trueup.base.money import Money
from trueup.domain.closing import ClosePack, day_words, unexplained
from trueup.domain.closing_checklist import Light, checklist
from trueup.reports import pages, workbook
from trueup.reports.close_tables import TABLES, Table
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
