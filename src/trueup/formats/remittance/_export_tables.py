"""The tables of the portal's export: which columns they have under which names, and where they stand in a file.

A file is looked through once before anything is read of it: for its headers, its payments, the payments it warns of, and how
it writes numbers and days. Source: public descriptions of `Payments.xlsx` by those who import it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from trueup.base.money import Money
from trueup.domain.remittances import PaymentState, RemittanceLine
from trueup.formats.remittance._amounts import is_blank, reference_text, shown_day, shown_number
from trueup.formats.remittance._grids import Broken, Cells, Grid, Remarks

PAYMENT_COLUMNS = {
    "paymentnumber": "number",
    "paymentdate": "day",
    "invoicecurrency": "invoice_currency",
    "amountininvoicecurrency": "invoiced",
    "paymentcurrency": "currency",
    "amountinpaymentcurrency": "amount",
    "paymentamount": "amount",
    "exchangerate": "rate",
    "paymenttype": "method",
    "paymentmethod": "method",
    "paymentstatus": "status",
    "paymentvoidedreason": "voided_reason",
    "paymentvoidreason": "voided_reason",
    "payee": "payee",
    "payeecode": "payee",
    "vendorcode": "payee",
}
LINE_COLUMNS = {
    "paymentnumber": "payment",
    "invoicenumber": "reference",
    "invoicedate": "day",
    "description": "description",
    "invoicedescription": "description",
    "invoiceamount": "gross",
    "invoicecurrency": "currency",
    "withholdingamount": "withheld",
    "withholdingtaxamount": "withheld",
    "withholdingtax": "withheld",
    "termsdiscounttaken": "discount",
    "termsdiscount": "discount",
    "discounttaken": "discount",
    "netamountpaid": "paid",
    "amountpaid": "paid",
    "remainingamount": "remaining",
    "amountremaining": "remaining",
    "transactiontype": "kind",
}
LINE_REFERENCES = {
    "transactiondescription": "TRANSACTION_DESCRIPTION",
    "referencedetails": "REFERENCE_DETAILS",
    "originalinvoicenumber": "OI",
    "vendorcode": "VENDOR_CODE",
    "payeecode": "PAYEE_CODE",
    "payee": "PAYEE_CODE",
}
"""India's columns and codes, which become references; every other column becomes one under its own name, with a warning."""

MOST_SHOWN = 4_000
_NOT_NAMED = re.compile(r"[^a-z0-9]+")
_WARNED = re.compile(r"will not be displayed|ordering codes? (?:are|is) not", re.IGNORECASE)
_NUMBER = re.compile(r"(?=[A-Za-z0-9_./-]*[0-9])[A-Za-z0-9][A-Za-z0-9_./-]{2,39}")
_LABEL = "paymentnumber"

Kind = Literal["payments", "lines"]


@dataclass(frozen=True, slots=True)
class Header:
    """Where the columns of a table are: by our name of them, and the others by theirs. `names`: as the file has them.

    `width`: how many cells a row must have so that each of our columns has one.
    """

    kind: Kind
    row: int
    columns: Mapping[str, int]
    others: Mapping[str, int]
    names: Mapping[str, str]
    width: int

    def cell(self, cells: Cells, column: str) -> Any:
        """The cell of a column; "" where the table or the row has none."""
        place = self.columns.get(column, -1)
        return cells[place] if 0 <= place < len(cells) else ""


@dataclass(slots=True)
class ListedPayment:
    """A payment of the upper table, and the lines found for it."""

    grid: Grid
    row: int
    number: str
    payee: str
    day: date
    amount: Money
    invoiced: Money | None
    rate: Decimal | None
    state: PaymentState
    voided_reason: str
    method: str
    lines: list[RemittanceLine] = field(default_factory=list)
    met: int = 0

    @property
    def currency(self) -> str:
        """The currency of its lines."""
        return self.invoiced.currency if self.invoiced is not None else self.amount.currency


class UnreadCell(Exception):
    """A cell without which its row has no meaning."""

    def __init__(self, column: str, words: str) -> None:
        super().__init__(words)
        self.column, self.words = column, words


@dataclass(slots=True)
class Survey:
    """What one look through a file found. `warned`: payments of which the file says that it hides items, and where.

    `numbers` and `days`: how its cells write them; `seen`: the amounts that were looked at for it.
    """

    payments: list[tuple[Grid, Header, int, Cells]] = field(default_factory=list)
    lines_from: list[tuple[Grid, Header]] = field(default_factory=list)
    warned: dict[str, tuple[Grid, int]] = field(default_factory=dict)
    warning_at: tuple[Grid, int] | None = None
    seen: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    days: set[str] = field(default_factory=set)
    currencies: set[str] = field(default_factory=set)
    net_paid: bool = False
    passed_over: list[tuple[Grid, int, str]] = field(default_factory=list)


def plain_name(cell: Any) -> str:
    """A column's name as it is compared: small letters and digits alone."""
    return _NOT_NAMED.sub("", cell.casefold()) if type(cell) is str else ""


def header_of(cells: Cells, row: int) -> Header | None:
    """The header in a row, None when it is none."""
    names = [plain_name(cell) for cell in cells]
    if _LABEL not in names:
        return None
    if "invoicenumber" in names and ("amountpaid" in names or "netamountpaid" in names):
        kind, known = "lines", LINE_COLUMNS
    elif "paymentdate" in names and any(PAYMENT_COLUMNS.get(name) in ("amount", "invoiced") for name in names):
        kind, known = "payments", PAYMENT_COLUMNS
    else:
        return None
    columns: dict[str, int] = {}
    others: dict[str, int] = {}
    for place, name in enumerate(names):
        meant = known.get(name)
        if meant is not None and (meant not in columns or name == "netamountpaid"):
            if meant in columns:
                others[str(cells[columns[meant]]).strip()] = columns[meant]
            columns[meant] = place
        elif name:
            others[str(cells[place]).strip()] = place
    shown = {meant: str(cells[place]).strip() for meant, place in columns.items()}
    width = max(columns.values()) + 1
    return Header("lines" if kind == "lines" else "payments", row, columns, others, shown, width)


def survey_of(grids: Sequence[Grid], remarks: Remarks) -> Survey:
    """Look through every table of a file."""
    survey = Survey()
    for grid in grids:
        header: Header | None = None
        for row, cells in grid.rows():
            if header is not None and header.kind == "lines":
                if len(survey.numbers) < MOST_SHOWN:
                    _collect(survey, header, cells)
                if not _may_be_label(cells):
                    continue
            if not any(cells):
                continue
            if type(cells[0]) is Broken:
                if header is None or header.kind == "payments":
                    _broken(remarks, grid, row, cells)
                continue
            found = header_of(cells, row)
            if found is not None:
                header = found
                if found.kind == "lines":
                    survey.lines_from.append((grid, found))
                    survey.net_paid = survey.net_paid or plain_name(found.names["paid"]).startswith("net")
            elif _is_warning(cells):
                _warn(survey, grid, row, cells)
            elif header is None:
                survey.passed_over.append((grid, row, " ".join(str(cell) for cell in cells if cell != "")[:80]))
            elif header.kind == "payments":
                if _is_title(cells):
                    header = None
                else:
                    survey.payments.append((grid, header, row, cells))
                    _collect(survey, header, cells)
    return survey


def line_rows(survey: Survey) -> Iterator[tuple[Grid, Header, int, Cells]]:
    """Every row of the tables of lines, empty ones, headers, titles and warnings left out."""
    for place, (grid, header) in enumerate(survey.lines_from):
        following = [each for each in survey.lines_from[place + 1 :] if each[0] is grid]
        last = following[0][1].row if following else None
        stop = min((row for owner, _, row, _ in survey.payments if owner is grid and row > header.row), default=None)
        ends = min((row for row in (last, stop) if row is not None), default=None)
        for row, cells in grid.rows():
            if row <= header.row or not cells:
                continue
            if ends is not None and row >= ends:
                break
            if cells[0] == "" and not any(cells):
                continue
            if _may_be_label(cells) and (header_of(cells, row) is not None or _is_warning(cells)):
                continue
            yield grid, header, row, cells


def warned_payments(cells: Cells) -> list[str]:
    """The payment numbers that a warning row lists."""
    found: list[str] = []
    for cell in cells:
        text = reference_text(cell) if type(cell) is not Broken else ""
        text = re.sub(r"(?i)payment\s*numbers?\s*:?", " ", text)
        found += [number.rstrip("./-") for number in _NUMBER.findall(text)]
    return found


def _collect(survey: Survey, header: Header, cells: Cells) -> None:
    """What a row shows of how the file is written."""
    amounts = ("amount", "invoiced") if header.kind == "payments" else ("paid", "gross", "discount", "remaining")
    for column in amounts:
        cell = header.cell(cells, column)
        if type(cell) is str and cell not in survey.seen and not is_blank(cell):
            survey.seen.add(cell)
            survey.numbers.add(shown_number(cell))
    day = header.cell(cells, "day")
    if type(day) is str and day not in survey.days and not is_blank(day):
        survey.days.add(shown_day(day))
    if header.kind == "payments":
        currency = header.cell(cells, "invoice_currency") or header.cell(cells, "currency")
        survey.currencies.add(reference_text(currency).upper())


def _may_be_label(cells: Cells) -> bool:
    """Whether a row among lines may be a header or a warning: the cheap question first."""
    first = cells[0] if cells and cells[0] != "" else next((cell for cell in cells if cell != ""), "")
    return (
        type(first) is str
        and first[:1] in " PpOo\u00a0"
        and (plain_name(first).startswith(_LABEL) or _WARNED.search(first) is not None)
    )


def _is_warning(cells: Cells) -> bool:
    if any(type(cell) is str and _WARNED.search(cell) for cell in cells):
        return True
    first = next((cell for cell in cells if cell != ""), "")
    return type(first) is str and plain_name(first).startswith(_LABEL) and plain_name(first) != _LABEL + "s"


def _warn(survey: Survey, grid: Grid, row: int, cells: Cells) -> None:
    survey.warning_at = survey.warning_at or (grid, row)
    for number in warned_payments(cells):
        survey.warned.setdefault(number, (grid, row))


def _is_title(cells: Cells) -> bool:
    """`Invoices`, alone in its row."""
    said = [cell for cell in cells if cell != ""]
    return len(said) == 1 and plain_name(said[0]) in ("invoices", "invoice", "remittanceitems", "invoicedetails")


def _broken(remarks: Remarks, grid: Grid, row: int, cells: Cells) -> None:
    words = f"quotes are not closed or stand inside a text ({cells[0].why}); the row is not read, double them"
    remarks.error("quoting", words, grid, row)
