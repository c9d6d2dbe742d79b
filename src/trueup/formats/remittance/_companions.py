"""Tables that Vendor Central exports beside its remittances: a title perhaps, a header, rows; written as the country writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from trueup.base.errors import Invalid, Unreadable
from trueup.base.money import Money, check_currency
from trueup.formats.regional import Convention, convention_of
from trueup.formats.remittance._amounts import (
    CellReader,
    habit_of,
    has_two_days,
    has_two_numbers,
    is_blank,
    lost_digits,
    reference_text,
    shown_day,
    shown_number,
)
from trueup.formats.remittance._export_tables import plain_name
from trueup.formats.remittance._grids import (
    DELIMITERS,
    Broken,
    Cells,
    Grid,
    Remarks,
    TextGrid,
    opening_text,
    text_grid,
)
from trueup.formats.remittance._workbook import open_workbook

T = TypeVar("T")
_LATEST_HEADER = 20


@dataclass(frozen=True, slots=True)
class CompanionLayout:
    """A table by the plain names of its columns, each with ours. `needed`: our names without which it is another table.

    `amounts` and `days` show how the table is written. `currencies`: those of its cells, of which a table names none.
    """

    title: str
    columns: Mapping[str, str]
    needed: frozenset[str]
    amounts: tuple[str, ...]
    days: tuple[str, ...]


@dataclass(slots=True)
class CompanionRow:
    """A row and how to read its cells. Reading raises Invalid, with the column, for what is not what it must be."""

    grid: Grid
    number: int
    values: dict[str, Any]
    cells: CellReader
    remarks: Remarks

    def text(self, column: str) -> str:
        """Words, "" where there are none. Digits that a spreadsheet has cut are said to be."""
        cell = self.values.get(column, "")
        if words := lost_digits(cell):
            self.remarks.warning("digits-lost", words, self.grid, self.number, column)
        return "" if is_blank(cell) else reference_text(cell)

    def needed(self, column: str) -> str:
        """Words that must be there."""
        if text := self.text(column):
            return text
        raise Invalid(f"{column} is missing")

    def day(self, column: str) -> date | None:
        """A day, None where there is none."""
        cell = self.values.get(column, "")
        return None if is_blank(cell) else self._read(column, lambda: self.cells.day(cell))

    def money(self, column: str, currency: str) -> Money | None:
        """An amount, None where there is none; of its own currency where it names one and `currency` is ""."""
        cell = self.values.get(column, "")
        if is_blank(cell):
            return None
        return self._read(column, lambda: self._money(cell, currency or _named(cell)))

    def _money(self, cell: Any, currency: str) -> Money:
        return Money(self.cells.minor(cell, check_currency(currency)) or 0, currency)

    def _read(self, column: str, read: Callable[[], T]) -> T:
        try:
            return read()
        except Invalid as error:
            raise Invalid(f"{column}: {str(error).removesuffix('.')}") from None


def opens_companion(head: bytes, layout: CompanionLayout) -> bool:
    """Whether one of the first lines of these bytes is the table's header. Never raises."""
    return _delimiter(head, layout) is not None


def companion_rows(
    content: bytes, layout: CompanionLayout, declared: Convention, currencies: Sequence[str], remarks: Remarks
) -> Iterator[CompanionRow]:
    """Its rows, empty ones left out. `currencies` are those it is in. Raises Unreadable when no header of it is there."""
    if content.startswith(b"PK\x03\x04"):
        grids: Sequence[Grid] = open_workbook(content, layout.title)
    else:
        text = text_grid(content, layout.title)
        grids = [TextGrid(text.content, text.encoding, text.start, _delimiter(content, layout) or ",")]
    found = _tables(grids, layout)
    if not found:
        names = ", ".join(sorted(layout.needed))
        raise Unreadable(f"{layout.title}: expected a row with the columns {names} among the first, found none.")
    reader = CellReader(_convention(found, layout, declared, currencies))
    for grid, row, places in found:
        for number, cells in grid.rows():
            if number <= row or not any(cells):
                continue
            if type(cells[0]) is Broken:
                words = f"quotes are not closed or stand inside a text ({cells[0].why}); the row is not read"
                remarks.error("quoting", words, grid, number)
                continue
            values = {name: cells[at] for name, at in places.items() if at < len(cells)}
            yield CompanionRow(grid, number, values, reader, remarks)


def _tables(grids: Sequence[Grid], layout: CompanionLayout) -> list[tuple[Grid, int, dict[str, int]]]:
    found: list[tuple[Grid, int, dict[str, int]]] = []
    for grid in grids:
        for number, cells in grid.rows():
            if number > _LATEST_HEADER:
                break
            places = _places(cells, layout)
            if places is not None:
                found.append((grid, number, places))
                break
    return found


def _places(cells: Cells, layout: CompanionLayout) -> dict[str, int] | None:
    places: dict[str, int] = {}
    for at, cell in enumerate(cells):
        name = layout.columns.get(plain_name(cell))
        if name is not None:
            places.setdefault(name, at)
    return places if layout.needed <= places.keys() else None


def _convention(
    tables: Sequence[tuple[Grid, int, dict[str, int]]],
    layout: CompanionLayout,
    declared: Convention,
    currencies: Sequence[str],
) -> Convention:
    numbers: set[str] = set()
    days: set[str] = set()
    for grid, row, places in tables:
        for number, cells in grid.rows():
            if number > row:
                numbers.update(map(shown_number, _texts(cells, places, layout.amounts)))
                days.update(map(shown_day, _texts(cells, places, layout.days)))
    shown = convention_of(numbers, days, declared)
    habit = habit_of(currencies)
    mark, day_first = shown.decimal_mark, shown.day_first
    if not mark and any(map(has_two_numbers, numbers)):
        mark = habit.decimal_mark
    if day_first is None and any(map(has_two_days, days)):
        day_first = habit.day_first
    return Convention(mark, day_first)


def _texts(cells: Cells, places: Mapping[str, int], columns: Sequence[str]) -> Iterator[str]:
    for column in columns:
        at = places.get(column, len(cells))
        if at < len(cells) and type(cells[at]) is str and not is_blank(cells[at]):
            yield cells[at]


def _named(cell: Any) -> str:
    letters = "".join(sign for sign in cell if sign.isascii() and sign.isupper()) if type(cell) is str else ""
    if len(letters) == 3:
        return letters
    for sign, currency in (("€", "EUR"), ("£", "GBP"), ("₹", "INR"), ("zł", "PLN"), ("R$", "BRL"), ("$", "USD")):
        if type(cell) is str and sign in cell:
            return currency
    raise Invalid("the amount names no currency; say which one the table is in")


def _delimiter(content: bytes, layout: CompanionLayout) -> str | None:
    for line in opening_text(content[:65_536]).splitlines()[:_LATEST_HEADER]:
        for mark in DELIMITERS:
            if mark in line and _places([cell.strip(' "') for cell in line.split(mark)], layout) is not None:
                return mark
    return None
