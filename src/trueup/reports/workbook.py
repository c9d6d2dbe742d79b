"""Spreadsheets: sheets of typed columns as XLSX, with exact numbers, and nothing in them that runs.

A cell is a value, never a formula: text is written as text whatever it begins with. The same values give the same bytes.
Source of limits: Microsoft, "Excel specifications and limits" (rows, characters a cell, names of sheets, 15 digits a number).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, BinaryIO, TypeAlias

from xlsxwriter import Workbook

from trueup.base.errors import Invalid
from trueup.base.money import Money, exponent_of

Cell: TypeAlias = str | int | Decimal | Money | date | datetime | None
"""What may stand in a cell. A datetime is aware, and shown in UTC."""

_MOST_ROWS = 1_048_576
_MOST_CHARACTERS = 32_767
_EXACT_DIGITS = 15
_CERTAINLY_EXACT = 10**_EXACT_DIGITS
_NARROWEST, _WIDEST = 4, 80
_NO_CHARACTER = re.compile("[\ud800-\udfff\ufffe\uffff]")
_NOT_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\", "-"))
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, and how wide it is in characters."""

    name: str
    width: int = 14


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: a heading row that stays in sight, the rows, and one of totals where there is one.

    `rows` is gone through once. Beyond what a sheet holds they go on in another, "name (2)", with the same headings.
    """

    name: str
    columns: tuple[Column, ...]
    rows: Iterable[Sequence[Cell]]
    totals: Sequence[Cell] | None = None


@dataclass(frozen=True, slots=True)
class Properties:
    """What a workbook says of itself. `made_at`: when, as an aware instant: it is part of the bytes."""

    title: str
    made_at: datetime
    subject: str = ""


def write_workbook(
    out: BinaryIO, sheets: Iterable[Sheet], properties: Properties, *, most_rows: int = _MOST_ROWS
) -> None:
    """Writes the sheets one after the other; rows are not held. `most_rows`: how many a sheet takes, its heading included.

    Raises Invalid for a row that is longer or shorter than the headings, and for an instant without a time zone.
    """
    book = Workbook(out, _OPTIONS)
    made_at = _naive(properties.made_at)
    book.set_properties(
        {"title": properties.title, "subject": properties.subject, "author": "Trueup", "created": made_at}
    )
    writer = _Writer(book, most_rows)
    for sheet in sheets:
        writer.add(sheet)
    book.close()


class _Writer:
    """A workbook being written: the formats made so far, and the names its sheets have."""

    def __init__(self, book: Any, most_rows: int) -> None:
        self._book = book
        self._most_rows = most_rows
        self._formats: dict[tuple[str, bool], Any] = {}
        self._amounts: dict[tuple[str, bool], Any] = {}
        self._names: set[str] = set()

    def add(self, sheet: Sheet) -> None:
        place, count = None, self._most_rows
        for cells, bold in _rows(sheet):
            if place is None or count == self._most_rows:
                place, count = self._begin(sheet), 1
            if len(cells) != len(sheet.columns):
                raise Invalid(
                    f"Sheet {sheet.name!r}, row {count + 1}: {len(cells)} cells, expected {len(sheet.columns)}."
                )
            for column, cell in enumerate(cells):
                self._put(place, (count, column), cell, bold=bold)
            count += 1
        if place is None:
            self._begin(sheet)

    def _begin(self, sheet: Sheet) -> Any:
        place = self._book.add_worksheet(self._free_name(sheet.name))
        heading = self._format("", bold=True, heading=True)
        for index, column in enumerate(sheet.columns):
            place.set_column(index, index, min(max(column.width, _NARROWEST), _WIDEST))
            place.write_string(0, index, column.name, heading)
        place.freeze_panes(1, 0)
        place.repeat_rows(0)
        place.set_landscape()
        place.fit_to_pages(1, 0)
        place.set_footer("&L&A&RPage &P of &N")
        return place

    def _free_name(self, name: str) -> str:
        """At most 31 characters, none that Excel refuses, no name twice whatever its case."""
        plain = " ".join("".join(each if each.isprintable() else " " for each in name).translate(_NOT_IN_NAMES).split())
        plain = plain.strip("'") or "Sheet"
        number, found = 1, plain[:31]
        while found.casefold() in self._names or found.casefold() == "history":
            number += 1
            found = f"{plain[: 31 - len(f' ({number})')]} ({number})"
        self._names.add(found.casefold())
        return found

    def _put(self, place: Any, at: tuple[int, int], cell: Cell, *, bold: bool) -> None:
        match cell:
            case None:
                pass
            case Money() if abs(cell.minor) < _CERTAINLY_EXACT or _is_exact(cell.amount):
                place.write_number(*at, cell.amount, self._amount(cell.currency, bold=bold))
            case Money():
                place.write_string(*at, str(cell), self._format("right", bold=bold))
            case bool():
                place.write_string(*at, "yes" if cell else "no", self._format("", bold=bold))
            case int() if abs(cell) < _CERTAINLY_EXACT or _is_exact(Decimal(cell)):
                place.write_number(*at, cell, self._format("#,##0", bold=bold))
            case Decimal() if _is_exact(cell):
                place.write_number(*at, cell, self._format("General", bold=bold))
            case int() | Decimal():
                place.write_string(
                    *at, f"{cell:f}" if isinstance(cell, Decimal) else str(cell), self._format("right", bold=bold)
                )
            case datetime():
                place.write_datetime(*at, _naive(cell), self._format("yyyy-mm-dd hh:mm:ss", bold=bold))
            case date():
                place.write_datetime(*at, cell, self._format("yyyy-mm-dd", bold=bold))
            case str():
                place.write_string(*at, _text(cell), self._format("", bold=bold))

    def _amount(self, currency: str, *, bold: bool) -> Any:
        """The format of an amount: found by its currency, for there are hundreds of thousands of amounts."""
        found = self._amounts.get((currency, bold))
        if found is None:
            found = self._amounts[currency, bold] = self._format(money_format(currency), bold=bold)
        return found

    def _format(self, shown: str, *, bold: bool, heading: bool = False) -> Any:
        """The format of a cell, made once."""
        key = (f"heading {shown}" if heading else shown, bold)
        if key not in self._formats:
            properties: dict[str, Any] = {"bold": bold}
            if heading:
                properties |= {"bg_color": "#E7ECF2", "bottom": 1, "text_wrap": True, "valign": "top"}
            elif bold:
                properties["top"] = 1
            if shown == "right":
                properties["align"] = "right"
            elif shown:
                properties["num_format"] = shown
            self._formats[key] = self._book.add_format(properties)
        return self._formats[key]


def money_format(currency: str) -> str:
    """How Excel shows an amount: grouped, with the digits the currency has, and the currency behind; it remains a number."""
    digits = exponent_of(currency)
    return f'#,##0{"." + "0" * digits if digits else ""} "{currency}"'


def _rows(sheet: Sheet) -> Iterator[tuple[Sequence[Cell], bool]]:
    for cells in sheet.rows:
        yield cells, False
    if sheet.totals is not None:
        yield sheet.totals, True


def _is_exact(value: Decimal) -> bool:
    """Whether Excel keeps every digit: it counts in binary, and what is longer it silently rounds."""
    return (
        value.is_finite() and len(value.normalize().as_tuple().digits) <= _EXACT_DIGITS and abs(value.adjusted()) < 100
    )


def _text(cell: str) -> str:
    """Text as a cell can hold it: cut to its length, and nothing that the writer would take for markup of its own."""
    text = cell if cell.isascii() else _NO_CHARACTER.sub("\ufffd", cell)
    if len(text) > _MOST_CHARACTERS:
        text = text[: _MOST_CHARACTERS - 1] + "…"
    # xlsxwriter writes what stands between these as it is, for rich text; a blank behind makes it text again.
    return text + " " if text.startswith("<r>") and text.endswith("</r>") else text


def _naive(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise Invalid(f"Instant {instant}: expected one with a time zone.")
    return instant.astimezone(UTC).replace(tzinfo=None, microsecond=0)
