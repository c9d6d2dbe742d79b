"""The figures of a month's close, and the lines of the journal or the invoices that each number of them is the sum of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Path, Query
from pydantic import Field

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.resources.close import MonthName
from trueup.api.shapes import Day, Listed, Name, Page, Paging, Price, Shape
from trueup.base.errors import NotFound
from trueup.base.money import Money, check_currency
from trueup.domain.closing import ClosePack, Month
from trueup.domain.closing_rows import InvoiceRows, JournalRows, Kinds, Part, Rows, Side, Span, Whose
from trueup.reports.close_tables import ANSWERS, TABLES, Table
from trueup.workflows.close_month import look_at_month, rows_behind
from trueup.workflows.world import Tx

T = TypeVar("T")
_HERE = "/api/v1/close"
_TABLE = {
    "name": "received",
    "title": "Received",
    "words": "Cash as the payments say it, by currency.",
    "columns": ["Currency", "Amount", "Postings"],
    "rows": 2,
}
_CELL = {
    "column": "Amount",
    "text": None,
    "number": None,
    "amount": {"amount": "1680.00", "currency": "USD"},
    "rows": f"{_HERE}/2026-10/lines?currency=USD&span=within&account=1050",
}


class FiguresTable(Shape, json_schema_extra={"examples": [_TABLE]}):
    """A table of the close, and how many rows it has."""

    name: str
    title: str
    words: str
    columns: list[str]
    rows: int


class FigureCell(Shape, json_schema_extra={"examples": [_CELL]}):
    """A cell: a text, a number or an amount. `rows`: the address of what it is the sum of; null where it is not one."""

    column: str
    text: str | None
    number: int | None
    amount: Price | None
    rows: str | None


class FiguresRow(Shape, json_schema_extra={"examples": [{"cells": [_CELL]}]}):
    """A row of a table."""

    cells: list[FigureCell]


class FiguresLine(Shape, json_schema_extra={"examples": [{
    "entry": 41, "line": 2, "day": "2026-10-12", "kind": "remittance", "narration": "Payment 71650102 of Amazon",
    "account": "1050", "amount": {"amount": "1680.00", "currency": "USD"}, "reference": "71650102", "type": ""}]}):  # fmt: skip
    """A line of the journal. `amount`: debits are positive."""

    entry: int
    line: int
    day: Day
    kind: str
    narration: str
    account: str
    amount: Price
    reference: str
    type: str


class FiguresInvoice(Shape, json_schema_extra={"examples": [{
    "number": "INV-1", "partner": "amazon-us", "issued_on": "2026-10-01", "due_on": "2026-11-30",
    "total": {"amount": "500.00", "currency": "USD"}, "counts": {"amount": "120.00", "currency": "USD"}}]}):  # fmt: skip
    """An invoice. `counts`: what of it is in the number."""

    number: str
    partner: str
    issued_on: Day
    due_on: Day | None
    total: Price
    counts: Price


class SummedPage(Page[T], Generic[T]):
    """Some of many, what all of them come to in the sign of their number, and how many they are."""

    total: Price
    count: int


class LinesQuery(Paging):
    """Which lines a number is the sum of: as the number's own address says it."""

    currency: Annotated[str, Field(max_length=3, examples=["USD"])] = "USD"
    """Lines in this currency."""
    span: Span = Span.WITHIN
    """Days before the month, within it, or until its last one."""
    account: Name = ""
    """On this account."""
    kinds: Kinds | None = None
    """Of payments and their corrections, of write-offs, of other entries."""
    side: Side | None = None
    """A debit, a credit; or `taken` and `given`, where a line that takes another back is on the side of what it takes back."""
    type: Name = ""
    """Of this deduction type."""
    about: Annotated[str, Field(pattern="^(invoice|nothing)?$")] = ""
    """`invoice`: about an invoice of ours; `nothing`: about none."""
    back: Annotated[str, Field(pattern="^(yes|no)?$")] = ""
    """`yes`: that take an earlier line back; `no`: that do not."""
    whose: Whose | None = None
    """Whose `partner` and `payee` are: of the invoice, of the payment, or of the claim."""
    partner: Name = ""
    """Of this partner, where `whose` is said."""
    payee: Name = ""
    """Of this vendor code, where `whose` is said."""
    claim: Name = ""
    """Of this claim, where `whose` is `claim`."""
    case: Name = ""
    """That wait in this case: its kind and subject."""
    reference: Name = ""
    """With this reference."""
    copied: Annotated[str, Field(pattern="^(yes)?$")] = ""
    """`yes`: of types that come with an invoice of Amazon's."""
    turned: Annotated[str, Field(pattern="^(yes)?$")] = ""
    """`yes`: the number has the other sign than the books."""


class InvoicesQuery(Paging):
    """Which invoices a number is the sum of: as the number's own address says it."""

    partner: Name = ""
    """Of this partner."""
    payee: Name = ""
    """Of this vendor code."""
    currency: Annotated[str, Field(max_length=3, examples=["USD"])] = "USD"
    """In this currency."""
    part: Part = Part.CLOSING
    """How what is owed moved through the month, or what of it was open at its end, by days since issue."""


TableName = Annotated[str, Path(max_length=60, description="The table's name.", examples=["received"])]


def list_close_figures(call: Calling, month: MonthName) -> Listed[FiguresTable]:
    """List the tables of a month's close that have rows; of a closed month those of its archived pack."""
    pack = _pack(call, Month.read(month))
    counted = [(table, len(table.listed(pack))) for table in TABLES if table.title != ANSWERS]
    told = [
        FiguresTable(name=table.name, title=table.title, words=table.words, columns=list(table.columns), rows=rows)
        for table, rows in counted
        if rows
    ]
    return Listed[FiguresTable](items=told)


def show_close_figures(call: Calling, month: MonthName, table: TableName) -> Listed[FiguresRow]:
    """Show a table of a month's close, each number with the address of what it is the sum of."""
    found = next((each for each in TABLES if each.name == table and each.title != ANSWERS), None)
    if found is None:
        names = ", ".join(each.name for each in TABLES if each.title != ANSWERS)
        raise NotFound(f"A close has no figures {table!r}; it has {names}.")
    pack = _pack(call, Month.read(month))
    return Listed[FiguresRow](items=[_row(pack, found, each) for each in found.listed(pack)])


def list_close_lines(call: Calling, month: MonthName, asked: Annotated[LinesQuery, Query()]) -> SummedPage[FiguresLine]:
    """List the lines of the journal that a number of a close is the sum of, the latest first."""
    wanted = _wanted(asked)
    with call.look() as connection:
        behind = rows_behind(connection, call.desk.world.books, Month.read(month), call.now)
        minor, count = behind.sum_lines(wanted)
        paged = behind.page_lines(wanted, asked.at, asked.limit)
        rows = [_line(row, wanted.currency) for row in paged.rows]
        page = call.page(FiguresLine, rows, paged.after)
    return SummedPage[FiguresLine](items=page.items, next=page.next, total=_price(minor, wanted.currency), count=count)


def list_close_invoices(
    call: Calling, month: MonthName, asked: Annotated[InvoicesQuery, Query()]
) -> SummedPage[FiguresInvoice]:
    """List the invoices that a number of a close is the sum of, the latest first."""
    check_currency(asked.currency)
    wanted = InvoiceRows(asked.partner, asked.payee, asked.currency, asked.part)
    with call.look() as connection:
        behind = rows_behind(connection, call.desk.world.books, Month.read(month), call.now)
        minor, count = behind.sum_invoices(wanted)
        paged = behind.page_invoices(wanted, asked.at, asked.limit)
        rows = [_invoice(row, wanted.currency) for row in paged.rows]
        page = call.page(FiguresInvoice, rows, paged.after)
    return SummedPage[FiguresInvoice](
        items=page.items, next=page.next, total=_price(minor, wanted.currency), count=count
    )


def _pack(call: Calling, month: Month) -> ClosePack:
    def look(tx: Tx) -> ClosePack:
        read = tx.resources.read
        looked = look_at_month(
            tx.connection, tx.resources.books, month, tx.now, lambda digest: read(tx.connection, digest)
        )
        return looked.pack

    return call.desk.act(True, look)


def _row(pack: ClosePack, table: Table, of: Any) -> FiguresRow:
    cells = table.cells(pack, of)
    behind: Sequence[Rows] = table.behind(pack, of) if table.behind else (None,) * len(cells)
    return FiguresRow(
        cells=[
            FigureCell(
                column=column,
                text=_text(cell),
                number=cell if isinstance(cell, int) else None,
                amount=_price(cell.minor, cell.currency) if isinstance(cell, Money) else None,
                rows=_address(pack.of, rows) if rows else None,
            )
            for column, cell, rows in zip(table.columns, cells, behind, strict=True)
        ]
    )


def _text(cell: Any) -> str | None:
    if isinstance(cell, date):
        return cell.isoformat()
    return cell if isinstance(cell, str) else None


def _address(month: Month, rows: JournalRows | InvoiceRows) -> str:
    said = {each.name: getattr(rows, each.name) for each in fields(rows)}
    told = {name: "yes" if value is True else str(value) for name, value in said.items() if value}
    return f"{_HERE}/{month}/{'lines' if isinstance(rows, JournalRows) else 'invoices'}?{urlencode(told)}"


def _wanted(asked: LinesQuery) -> JournalRows:
    check_currency(asked.currency)
    said = {each.name: getattr(asked, each.name) for each in fields(JournalRows)}
    return JournalRows(**said | {"copied": bool(asked.copied), "turned": bool(asked.turned)})


def _line(row: Any, currency: str) -> dict[str, Any]:
    return {
        "entry": row["id"],
        "line": row["number"],
        "day": row["day"].isoformat(),
        "amount": str(Money(row["minor"], currency)),
        **{name: row[name] for name in ("kind", "narration", "account", "reference", "type")},
    }


def _invoice(row: Any, currency: str) -> dict[str, Any]:
    return {
        "number": row["number"],
        "partner": row["partner"],
        "issued_on": row["issued_on"].isoformat(),
        "due_on": row["due_on"].isoformat() if row["due_on"] else None,
        "total": str(Money(row["total_minor"], currency)),
        "counts": str(Money(row["minor"], currency)),
    }


def _price(minor: int, currency: str) -> Any:
    return str(Money(minor, currency))


RESOURCE = Resource(
    "close_figures",
    "Figures of a close",
    (
        Operation("/close/{month}/figures", list_close_figures),
        Operation("/close/{month}/figures/{table}", show_close_figures),
        Operation("/close/{month}/lines", list_close_lines),
        Operation("/close/{month}/invoices", list_close_invoices),
    ),
)
