"""The export of Vendor Central's remittances, `Payments.xlsx`, and its saves as CSV: payments above, their lines below.

A line that cannot be read is an error at its place, and its payment stands with the others: it then does not tie by exactly
that line. Nothing is decided here about what a line is. Sources: public descriptions of the export (its variants by
marketplace: `Amount Paid` or `Net Amount Paid`, India's columns, the warning of items that are not shown).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from trueup.base.errors import Invalid, Unreadable
from trueup.base.ids import digest_of
from trueup.base.money import Money, check_currency
from trueup.domain.remittances import PaymentState, Remittance, RemittanceLine, RemittanceSource
from trueup.formats.document import Format, Reading
from trueup.formats.regional import UNDECLARED, Convention
from trueup.formats.remittance._amounts import (
    CellReader,
    currency_code,
    has_two_days,
    is_blank,
    lost_digits,
    reference_text,
    unquoted,
)
from trueup.formats.remittance._export_opening import (
    WHAT,
    convention_for,
    delimiter_of,
    no_table,
    open_export,
    state_of,
)
from trueup.formats.remittance._export_tables import (
    LINE_REFERENCES,
    Header,
    ListedPayment,
    Survey,
    UnreadCell,
    line_rows,
    plain_name,
    survey_of,
)
from trueup.formats.remittance._grids import (
    Broken,
    Cells,
    Grid,
    Remarks,
)
from trueup.formats.remittance._workbook import SheetGrid, opens_workbook

NAME = "amazon-portal-export"
_TITLES = ("remittancepayments", "payments", "remittances", "invoices", "sep")
_TOTALS = ("total", "grandtotal", "subtotal", "sum")
_NO_REFERENCES: Mapping[str, str] = {}


def read_portal_export(content: bytes, declared: Convention = UNDECLARED) -> Reading[Remittance]:
    """Every payment of an export, with its lines in the order of the file.

    `declared` answers how it writes numbers and days where the file itself does not show it. `facts`: the convention used, and
    how many rows of lines there were. Raises Unreadable when it is no such table at all.
    """
    remarks = Remarks()
    grids = open_export(content, remarks)
    survey = survey_of(grids, remarks)
    if not survey.payments and not survey.lines_from:
        raise Unreadable(f"{WHAT}: {no_table(survey, grids)}")
    convention = convention_for(survey, declared, remarks)
    from_1904 = any(isinstance(grid, SheetGrid) and grid.days_from_1904 for grid in grids)
    reader = _ExportReader(CellReader(convention, from_1904), survey, remarks)
    values = reader.read()
    facts = {"decimal_mark": convention.decimal_mark, "day_first": convention.day_first, "lines": reader.met}
    return Reading(digest_of(content), NAME, values, remarks.findings(), facts)


class _ExportReader:
    """The state of reading one file."""

    def __init__(self, cells: CellReader, survey: Survey, remarks: Remarks) -> None:
        self.cells, self.survey, self.remarks = cells, survey, remarks
        self.payments: dict[str, ListedPayment] = {}
        self.orphans: dict[str, list[tuple[Grid, int, str]]] = {}
        self.refused: set[str] = set()
        self.met = 0

    def read(self) -> tuple[Remittance, ...]:
        """Payments, then lines, then what each says of the other."""
        self._check_tables()
        for grid, header, row, cells in self.survey.payments:
            self._payment(grid, header, row, cells)
        for grid, header, row, cells in line_rows(self.survey):
            self._line(grid, header, row, cells)
        self._report_orphans()
        hidden = self._hidden()
        return tuple(self._remittance(payment, payment.number in hidden) for payment in self.payments.values())

    def _check_tables(self) -> None:
        survey, remarks = self.survey, self.remarks
        for grid, row, words in survey.passed_over:
            if plain_name(words) not in _TITLES:
                remarks.warning("row-not-read", f"{words!r} is no row of a known table", grid, row)
        if not survey.payments and survey.lines_from:
            grid, header = survey.lines_from[0]
            words = "there are lines, but no table of payments above them; export the whole sheet"
            remarks.error("no-payments", words, grid, header.row)
        for grid, header in survey.lines_from:
            for name in header.others:
                if plain_name(name) not in LINE_REFERENCES:
                    words = f"column {name!r} is not known; its cells are kept as references of their lines"
                    remarks.warning("unknown-column", words, grid, header.row, name)

    def _payment(self, grid: Grid, header: Header, row: int, cells: Cells) -> None:
        number_cell = header.cell(cells, "number")
        number = reference_text(number_cell)
        where = header.names["number"]
        if not number:
            if not plain_name(next((cell for cell in cells if cell != ""), "")).startswith("total"):
                self.remarks.error("no-number", "the payment has no number; it is not taken in", grid, row, where)
            return
        if words := lost_digits(number_cell):
            self.refused.add(number)
            self.remarks.error("digits-lost", f"{words}; export again and do not save it in between", grid, row, where)
            return
        try:
            payment = self._read_payment(grid, header, row, cells)
        except UnreadCell as error:
            self.refused.add(number)
            words = f"payment {number}: {error.words}; it is not taken in, nor are its lines"
            self.remarks.error("cell", words, grid, row, error.column)
            return
        earlier = self.payments.get(number)
        if earlier is None:
            self.payments[number] = payment
        elif _said(earlier) == _said(payment):
            self.remarks.warning(
                "payment-twice", f"payment {number} is in row {earlier.row} too, alike", grid, row, where
            )
        else:
            words = (
                f"payment {number} is in row {earlier.row} too, with other values; that one is taken, this one is not"
            )
            self.remarks.error("payment-differs", words, grid, row, where)

    def _read_payment(self, grid: Grid, header: Header, row: int, cells: Cells) -> ListedPayment:
        currency = currency_code(header.cell(cells, "currency"))
        invoice_currency = currency_code(header.cell(cells, "invoice_currency"))
        amount = self._money(header, cells, "amount", currency or invoice_currency)
        invoiced = self._money(header, cells, "invoiced", invoice_currency or currency)
        if amount is None and (currency or invoice_currency) == (invoice_currency or currency):
            amount = invoiced
        if amount is None:
            raise UnreadCell(header.names.get("amount", "Amount in Payment Currency"), "it has no amount")
        try:
            day = self.cells.day(header.cell(cells, "day"))
        except Invalid as error:
            raise UnreadCell(header.names["day"], _clause(error)) from None
        rate = None
        if not is_blank(header.cell(cells, "rate")) and invoiced is not None and invoiced.currency != amount.currency:
            rate = self._rate(grid, header, row, cells)
        if invoiced is not None and invoiced == amount:
            invoiced = None
        if invoiced is None and invoice_currency not in ("", amount.currency):
            words = f"invoices in {invoice_currency}, paid in {amount.currency}, and no amount in {invoice_currency}"
            raise UnreadCell(header.names.get("invoiced", "Amount in Invoice Currency"), words)
        voided = _words(header.cell(cells, "voided_reason"))
        return ListedPayment(
            grid,
            row,
            reference_text(header.cell(cells, "number")),
            _words(header.cell(cells, "payee")),
            day,
            amount,
            invoiced,
            rate,
            self._state(grid, header, row, (_words(header.cell(cells, "status")), voided)),
            voided,
            _words(header.cell(cells, "method")),
        )

    def _money(self, header: Header, cells: Cells, column: str, currency: str) -> Money | None:
        cell = header.cell(cells, column)
        if is_blank(cell):
            return None
        try:
            return Money(self.cells.minor(cell, check_currency(currency)) or 0, currency)
        except Invalid as error:
            raise UnreadCell(header.names[column], _clause(error)) from None

    def _rate(self, grid: Grid, header: Header, row: int, cells: Cells) -> Decimal | None:
        try:
            rate = self.cells.number(header.cell(cells, "rate"))
        except Invalid as error:
            self.remarks.warning("rate", f"{_clause(error)}; the rate is left out", grid, row, header.names["rate"])
            return None
        return rate if rate > 0 else None

    def _state(self, grid: Grid, header: Header, row: int, said: tuple[str, str]) -> PaymentState:
        state = state_of(*said)
        if state is not None:
            return state
        message = f"payment status {said[0]!r} is not known here; taken for in progress, which posts nothing"
        self.remarks.warning("status-unknown", message, grid, row, header.names["status"])
        return PaymentState.IN_PROGRESS

    def _line(self, grid: Grid, header: Header, row: int, cells: Cells) -> None:
        """One row of the lower table. An unread amount costs the line; an unread day is left out."""
        columns = header.columns
        if type(cells[0]) is Broken:
            words = f"quotes are not closed or stand inside a text ({cells[0].why}); the line is not read, double them"
            self.remarks.error("quoting", words, grid, row)
            return
        if len(cells) < header.width:
            cells = [*cells, *[""] * (header.width - len(cells))]
        number = reference_text(cells[columns["payment"]])
        if not number or (number not in self.payments and plain_name(number).startswith(_TOTALS)):
            self._without_payment(grid, header, row, cells)
            return
        self.met += 1
        payment = self.payments.get(number)
        if payment is None:
            shown = reference_text(cells[columns["paid"]])
            self.orphans.setdefault(number, []).append((grid, row, shown))
            return
        payment.met += 1
        try:
            payment.lines.append(self._read_line(payment, grid, header, row, cells))
        except UnreadCell as error:
            words = f"{error.words}; the line is left out, and payment {number} does not tie by it"
            self.remarks.error("cell", words, grid, row, error.column)

    def _read_line(self, payment: ListedPayment, grid: Grid, header: Header, row: int, cells: Cells) -> RemittanceLine:
        columns = header.columns
        currency = payment.currency
        place = columns.get("currency")
        if place is not None and cells[place] != currency and currency_code(cells[place]) not in ("", currency):
            words = f"the line is in {currency_code(cells[place])}, its payment's invoices in {currency}"
            raise UnreadCell(header.names["currency"], words)
        paid, discount, withheld = self._amounts(header, cells, currency)
        if paid is None:
            raise UnreadCell(header.names["paid"], "the line has no amount")
        reference = cells[columns["reference"]]
        if type(reference) is not str:
            if words := lost_digits(reference):
                self.remarks.warning("digits-lost", words, grid, row, header.names["reference"])
            reference = reference_text(reference)
        elif not reference.strip():
            self.remarks.warning("no-reference", "the line has no invoice number", grid, row, header.names["reference"])
        elif "E+" in reference and (words := lost_digits(reference)):
            self.remarks.warning("digits-lost", words, grid, row, header.names["reference"])
        return RemittanceLine(
            payment.met,
            unquoted(reference),
            paid,
            discount or 0,
            withheld or 0,
            self._stated(grid, header, row, ("gross", cells, currency)),
            self._stated(grid, header, row, ("remaining", cells, currency)),
            self._day(grid, header, row, cells),
            _words(cells[columns["description"]]) if "description" in columns else "",
            _words(cells[columns["kind"]]) if "kind" in columns else "",
            _references(header.others, cells) if header.others else _NO_REFERENCES,
            place=f"sheet {grid.title}, row {row}" if grid.title else f"row {row}",
        )

    def _amounts(self, header: Header, cells: Cells, currency: str) -> list[int | None]:
        """What the line pays and keeps back: without any of it the line has no meaning."""
        found: list[int | None] = []
        for column in ("paid", "discount", "withheld"):
            place = header.columns.get(column)
            try:
                found.append(None if place is None else self.cells.minor(cells[place], currency))
            except Invalid as error:
                raise UnreadCell(header.names[column], _clause(error)) from None
        return found

    def _stated(self, grid: Grid, header: Header, row: int, asked: tuple[str, Cells, str]) -> int | None:
        """An amount that the line only states beside what it pays: unread, it is left out."""
        column, cells, currency = asked
        place = header.columns.get(column)
        if place is None:
            return None
        try:
            return self.cells.minor(cells[place], currency)
        except Invalid as error:
            words = f"{_clause(error)}; the line is taken in without it"
            self.remarks.warning("cell", words, grid, row, header.names[column])
            return None

    def _day(self, grid: Grid, header: Header, row: int, cells: Cells) -> date | None:
        cell = cells[header.columns["day"]] if "day" in header.columns else ""
        if is_blank(cell):
            return None
        try:
            return self.cells.day(cell)
        except Invalid as error:
            if self.cells.convention.day_first is not None or not (type(cell) is str and has_two_days(cell)):
                words = f"{_clause(error)}; the line is taken in without its day"
                self.remarks.warning("day", words, grid, row, header.names["day"])
            return None

    def _without_payment(self, grid: Grid, header: Header, row: int, cells: Cells) -> None:
        """A row of totals, a title, or a line that names no payment."""
        said = [cell for cell in cells if cell != ""]
        if not said or plain_name(said[0]).startswith((*_TOTALS, "invoices")):
            return
        if is_blank(header.cell(cells, "paid")) and is_blank(header.cell(cells, "reference")):
            words = f"{reference_text(said[0])[:80]!r} is no line; the row is not read"
            self.remarks.warning("row-not-read", words, grid, row)
            return
        self.met += 1
        words = f"a line of {reference_text(header.cell(cells, 'paid'))} names no payment; it is not taken in"
        self.remarks.error("no-payment", words, grid, row, header.names["payment"])

    def _report_orphans(self) -> None:
        for number, lines in self.orphans.items():
            if number in self.refused or not self.survey.payments:
                continue
            grid, row, shown = lines[0]
            more = f" and {len(lines) - 1} more lines of it" if len(lines) > 1 else ""
            words = f"a line of {shown}{more}: payment {number} is not among the payments above; none is taken in"
            self.remarks.error("unknown-payment", words, grid, row)

    def _hidden(self) -> set[str]:
        """The payments whose items the file says it hides: those it lists, or all when it lists none."""
        survey = self.survey
        if survey.warning_at is None:
            return set()
        listed = {number for number in survey.warned if number in self.payments}
        grid, row = survey.warning_at
        for number, (where, at) in survey.warned.items():
            if number not in self.payments and number not in self.refused:
                words = f"the export hides items of payment {number}, which is not among its payments"
                self.remarks.warning("hidden-items", words, where, at)
        shown = ", ".join(sorted(listed)) if listed else "no payment by its number, so any of these may be meant"
        words = f"the export says that it hides items (ordering codes not set up in the account): {shown}"
        self.remarks.warning("hidden-items", words, grid, row)
        return listed or set(self.payments)

    def _remittance(self, payment: ListedPayment, hides_items: bool) -> Remittance:
        if not payment.lines and payment.state is PaymentState.PAID:
            words = f"payment {payment.number} of {payment.amount} has no line in this file"
            self.remarks.warning("no-lines", words, payment.grid, payment.row)
        return Remittance(
            source=RemittanceSource.EXPORT,
            payment=payment.number,
            payee=payment.payee or _only_code(payment.lines),
            paid_on=payment.day,
            amount=payment.amount,
            lines=tuple(payment.lines),
            invoiced=payment.invoiced,
            rate=payment.rate,
            state=payment.state,
            voided_reason=payment.voided_reason,
            method=payment.method,
            hides_items=hides_items,
        )


def _said(payment: ListedPayment) -> tuple[Any, ...]:
    return (payment.day, payment.amount, payment.invoiced, payment.rate, payment.state, payment.payee)


def _only_code(lines: Sequence[RemittanceLine]) -> str:
    """The payee or vendor code that every line names."""
    codes = {line.references.get("PAYEE_CODE") or line.references.get("VENDOR_CODE", "") for line in lines}
    return codes.pop() if len(codes) == 1 else ""


def _words(cell: Any) -> str:
    if type(cell) is not str:
        return reference_text(cell)
    return "" if is_blank(cell) else cell.strip()


def _clause(error: Invalid) -> str:
    return str(error).removesuffix(".")


def _references(others: Mapping[str, int], cells: Cells) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, place in others.items():
        text = _words(cells[place]) if place < len(cells) else ""
        if text:
            found[LINE_REFERENCES.get(plain_name(name), name)] = text
    return found or _NO_REFERENCES


def _recognise(head: bytes) -> bool:
    return opens_workbook(head) or delimiter_of(head) is not None


FORMAT = Format(NAME, "Amazon remittances exported from Vendor Central", _recognise, read_portal_export)
