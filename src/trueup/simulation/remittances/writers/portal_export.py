"""Payments.xlsx as Vendor Central exports it, and its saves as CSV: two tables in a sheet, as each marketplace writes them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TypeAlias

import xlsxwriter

from trueup.simulation.remittances.records import Line, Payment
from trueup.simulation.remittances.writers.amounts import grouped, plain

SHEET = "Remittance payments"
_PAYMENT_COLUMNS = (
    "Payment Number", "Payment Date", "Invoice Currency", "Amount in Invoice Currency", "Payment Currency",
    "Amount in Payment Currency", "Exchange Rate", "Payment Type", "Payment Status", "Payment Voided Reason",
)  # fmt: skip
_STATUS = {"paid": "Paid", "voided": "Voided", "failed": "Failed"}
_WARNING = (
    "One or more remittance items for the listed payments will not be displayed, as the corresponding ordering codes are not "
    "setup in your account"
)
_EPOCH = date(1899, 12, 30)
Row: TypeAlias = "Sequence[str | int | date]"
"""Text stays text, an int is an amount in minor units, a date a date."""


@dataclass(frozen=True, slots=True)
class Form:
    """How an export is written. `dates`: a strftime form, or "" for the serial numbers of spreadsheets; `numbers`: text or cell.

    `negative`: minus or parentheses; `symbol` stands before amounts with a point, after those with a comma.
    """

    container: str = "xlsx"
    dates: str = "%m/%d/%Y"
    mark: str = "."
    numbers: bool = False
    negative: str = "minus"
    symbol: str = ""
    paid: str = "Amount Paid"
    remaining: str = "Remaining Amount"
    india: bool = False
    vendor_code: bool = False
    delimiter: str = ","
    encoding: str = "utf-8"

    def amount(self, minor: int) -> str:
        """An amount as this export writes it."""
        text = grouped(abs(minor), self.mark)
        if self.symbol:
            text = f"{self.symbol}{text}" if self.mark == "." else f"{text}\u00a0{self.symbol}"
        if minor >= 0:
            return text
        return f"({text})" if self.negative == "parentheses" else f"-{text}"

    def day(self, day: date) -> str:
        """A date as this export writes it."""
        return day.strftime(self.dates) if self.dates else str((day - _EPOCH).days)


_DAYS_FIRST = "%d/%m/%Y"
FORMS: dict[str, tuple[Form, ...]] = {
    "us": (
        Form(numbers=True, dates=""),
        Form(symbol="$", negative="parentheses"),
        Form("csv"),
        Form("csv", symbol="$", encoding="utf-8-sig"),
    ),
    "ca": (
        Form(vendor_code=True, negative="parentheses"),
        Form("csv", vendor_code=True, delimiter="\t", encoding="utf-16"),
    ),
    "eu": (
        Form(dates=_DAYS_FIRST, mark=",", symbol="€", paid="Net Amount Paid", remaining="Amount Remaining"),
        Form(
            "csv",
            _DAYS_FIRST,
            ",",
            paid="Net Amount Paid",
            remaining="Amount Remaining",
            delimiter=";",
            encoding="cp1252",
        ),
        Form(dates="%d.%m.%Y", mark=",", negative="parentheses", paid="Net Amount Paid"),
    ),
    "uk": (
        Form(dates=_DAYS_FIRST, symbol="£", paid="Net Amount Paid"),
        Form("csv", _DAYS_FIRST, symbol="£", paid="Net Amount Paid", delimiter="\t", encoding="utf-16"),
    ),
    "in": (Form(dates=_DAYS_FIRST, india=True), Form("csv", _DAYS_FIRST, india=True, paid="Net Amount Paid")),
}
"""The forms of each style; periods take them in turn."""


def write_export(path: Path, payments: Sequence[Payment], form: Form) -> Path:
    """Write payments into one file, its name completed by what it is. Rows are never held."""
    target = path.with_suffix(f".{form.container}")
    rows = _rows(payments, form)
    if form.container == "xlsx":
        _write_sheet(target, rows, form)
    else:
        with target.open("w", encoding=form.encoding, newline="") as file:
            _write_cells(file, rows, form)
    return target


def export_text(payments: Sequence[Payment], form: Form) -> str:
    """The CSV save of an export as text."""
    text = io.StringIO()
    _write_cells(text, _rows(payments, form), form)
    return text.getvalue()


def _rows(payments: Sequence[Payment], form: Form) -> Iterator[Row]:
    yield _PAYMENT_COLUMNS
    for payment in payments:
        yield _payment_row(payment)
    hiding = [payment.number for payment in payments if payment.hides]
    if hiding:
        yield ("Payment Number", ", ".join(hiding), _WARNING)
    yield ("Invoices",)
    yield _line_columns(form)
    for payment in payments:
        for line in payment.shown:
            yield _line_row(payment, line, form)


def _payment_row(payment: Payment) -> Row:
    market = payment.market
    rate = "1" if payment.rate is None else f"{payment.rate}"
    return (
        payment.number, payment.paid_on, market.currency, payment.invoiced, market.pays_in, payment.amount, rate,
        "EFT", _STATUS[payment.state], payment.voided_reason,
    )  # fmt: skip


def _line_columns(form: Form) -> Row:
    more = ("Transaction type", "Transaction Description", "Reference Details", "Original Invoice Number")
    return (
        "Payment Number", "Invoice Number", "Invoice Date", "Description", *(more if form.india else ()), "Invoice Amount",
        "Invoice Currency", "Withholding Amount", "Terms Discount Taken", form.paid, form.remaining,
        *(("Vendor Code",) if form.vendor_code else ()),
    )  # fmt: skip


def _line_row(payment: Payment, line: Line, form: Form) -> Row:
    more: tuple[str, ...] = ()
    if form.india:
        # Of several invoices, or of one among equals, the export names none.
        original = line.parts[0][0] if len(line.parts) == 1 and line.cause != "invoice" else ""
        more = (*line.words, line.purchase_order, original)
    return (
        payment.number, line.reference, line.invoice_day or payment.paid_on, line.description, *more, line.gross,
        payment.market.currency, line.withheld, line.discount, line.paid, line.remaining,
        *((payment.market.payee,) if form.vendor_code else ()),
    )  # fmt: skip


def _write_cells(file: io.TextIOBase | io.TextIOWrapper, rows: Iterable[Row], form: Form) -> None:
    writer = csv.writer(file, delimiter=form.delimiter, lineterminator="\r\n")
    simple = form.mark == "." and not form.symbol and form.negative == "minus"
    amount = plain if simple else form.amount
    days: dict[date, str] = {}
    for row in rows:
        cells = []
        for cell in row:
            if isinstance(cell, str):
                cells.append(cell)
            elif isinstance(cell, int):
                cells.append(amount(cell))
            else:
                text = days.get(cell)
                if text is None:
                    text = days[cell] = form.day(cell)
                cells.append(text)
        writer.writerow(cells)


def _write_sheet(path: Path, rows: Iterable[Row], form: Form) -> None:
    book = xlsxwriter.Workbook(
        str(path), {"constant_memory": True, "strings_to_numbers": False, "strings_to_urls": False}
    )
    book.set_properties({"created": datetime(2026, 1, 1)})  # noqa: DTZ001 - a file has no zone, and must not differ by the hour
    sheet = book.add_worksheet(SHEET)
    money, day = book.add_format({"num_format": "#,##0.00"}), book.add_format({"num_format": "yyyy-mm-dd"})
    for place, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(place, column, cell)
            elif isinstance(cell, int):
                if form.numbers:
                    sheet.write_number(place, column, float(plain(cell)), money)
                else:
                    sheet.write_string(place, column, form.amount(cell))
            elif form.dates:
                sheet.write_string(place, column, form.day(cell))
            else:
                sheet.write_number(place, column, (cell - _EPOCH).days, day)
    book.close()
