"""The monthly statement for people: wholesale, shop, trade-ins and circular on one page that adds up, as PDF and as workbook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import BinaryIO

from trueup.base.clock import write_instant
from trueup.base.money import Money
from trueup.domain.shop_sales import PaidBy, SaleKind
from trueup.reports import pages, workbook
from trueup.storage.views.monthly import AGES, Aged, MonthOfAll, Roll, ties_of

Row = tuple[str, ...]


def write_statement_pages(month: MonthOfAll, known_at: datetime, company: str) -> bytes:
    """The statement as a PDF."""
    cover = pages.Cover(
        f"Statement of {month.month}", f"{company}, known at {write_instant(known_at.replace(microsecond=0))}"
    )
    return pages.write_pages(cover, _blocks(month))


def write_statement_workbook(out: BinaryIO, month: MonthOfAll, known_at: datetime) -> None:
    """The statement as XLSX, a sheet a table."""
    sheets = [
        workbook.Sheet(title, tuple(workbook.Column(name, 24) for name in names), list(rows))
        for title, names, rows in tables(month)
    ]
    workbook.write_workbook(out, sheets, workbook.Properties(f"Statement of {month.month}", known_at))


def _blocks(month: MonthOfAll) -> Iterator[pages.Block]:
    checks = tuple(
        pages.Check(
            pages.Light.GREEN if tie.holds else pages.Light.RED,
            f"{tie.what} ({tie.currency})",
            f"{_money(tie.one, tie.currency)} and {_money(tie.other, tie.currency)}",
        )
        for tie in ties_of(month)
    )
    yield pages.Heading("Does it add up?")
    yield pages.Checklist(checks) if checks else pages.Words("Nothing happened in this month.", quiet=True)
    for title, names, rows in tables(month):
        yield pages.Heading(title, level=2)
        shown = [tuple(_text(cell) for cell in row) for row in rows]
        yield pages.Grid(tuple(pages.Column(name, 16, right=at > 0) for at, name in enumerate(names)), shown)


def tables(month: MonthOfAll) -> Iterator[tuple[str, Row, Sequence[Sequence[workbook.Cell]]]]:
    """Every table: its title, its columns and its rows."""
    paid = [
        (currency, Money(minor, currency), payments) for currency, (minor, payments) in sorted(month.wholesale.items())
    ]
    yield "Wholesale: what Amazon paid", ("currency", "paid", "payments"), paid
    yield "Shop: what was sold", ("what", "sold", "given back", "net"), list(_sold(month))
    yield "Shop: how it was paid", ("by", "amount"), list(_paid(month))
    rolls = ("currency", "opening", "added", "used", "never spent", "closing")
    yield "Credits for trade-ins: what is owed", rolls, [_roll(each) for each in month.credits]
    yield "Deposits: what is held", rolls, [_roll(each) for each in month.deposits]
    ages = ("currency", *(f"to {days} days" for days in AGES), "older", "total")
    yield "Credits by age", ages, [_aged(each) for each in month.aged_credits]
    yield "Deposits by age", ages, [_aged(each) for each in month.aged_deposits]


def _sold(month: MonthOfAll) -> Iterator[Sequence[workbook.Cell]]:
    for each in month.sales:
        for kind in SaleKind:
            sold, back = each.sold.get(kind, 0), each.refunded.get(kind, 0)
            if sold or back:
                money = (Money(minor, each.currency) for minor in (sold, back, sold - back))
                yield f"{kind.value} {each.currency}", *money
        if each.charges:
            charges = Money(each.charges, each.currency)
            yield f"shipping and tax {each.currency}", charges, Money(0, each.currency), charges


def _paid(month: MonthOfAll) -> Iterator[Sequence[workbook.Cell]]:
    for each in month.sales:
        for by in PaidBy:
            if each.paid.get(by):
                yield f"{by.value} {each.currency}", Money(each.paid[by], each.currency)
        yield f"open {each.currency}", Money(each.unpaid, each.currency)


def _roll(roll: Roll) -> Sequence[workbook.Cell]:
    parts = (roll.opening, roll.added, roll.used, roll.ended, roll.closing)
    return roll.currency, *(Money(minor, roll.currency) for minor in parts)


def _aged(aged: Aged) -> Sequence[workbook.Cell]:
    return aged.currency, *(Money(minor, aged.currency) for minor in (*aged.classes, aged.total))


def _money(minor: int, currency: str) -> str:
    return pages.shown(Money(minor, currency))


def _text(cell: workbook.Cell) -> str:
    return pages.shown(cell) if isinstance(cell, Money) else "" if cell is None else str(cell)
