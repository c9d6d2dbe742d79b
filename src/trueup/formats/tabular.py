"""Tables in text: columns are declared, rows are read, and every finding names its row, its column and its byte.

One reader for every CSV: commas, semicolons, tabs or bars; with or without a byte order mark; line breaks inside quotes.
Sources: RFC 4180 for quoting; rows are counted as a spreadsheet shows them, the header being row 1.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain, islice
from typing import Any

from trueup.base.errors import Invalid, Unreadable
from trueup.base.money import exact_decimal
from trueup.formats.document import Finding, Location, Severity

DELIMITERS = (",", ";", "\t", "|")
LARGEST_BYTES = 100_000_000
LONGEST_TEXT = 1000
MOST_FINDINGS = 1000
_ROWS_OF_PART = 1_000
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
"""What a spreadsheet takes for the beginning of a formula, and the mark that says it is none."""
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_NOT_TEXT = {
    b"PK\x03\x04": "an Excel workbook or another archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a compressed file",
}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Column:
    """One column by its name. `read` makes a value of a cell's text or raises Invalid; an empty cell is None without it.

    `needed`: the column must exist and no cell may be empty. Names are compared without case, spaces, `_` and `-`.
    """

    name: str
    read: Callable[[str], Any]
    needed: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a table, and which of them together may not repeat."""

    title: str
    columns: tuple[Column, ...]
    unique: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A row without errors: its number, where it begins in the bytes, and a value or None for every declared column."""

    number: int
    offset: int
    values: dict[str, Any]

    def location(self, column: str = "") -> Location:
        return Location(self.offset, f"row {self.number}, column {column}" if column else f"row {self.number}")


@dataclass(frozen=True, slots=True)
class Table:
    """What was read: rows without errors, what there is to say about the others, and which declared columns were there."""

    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    columns: tuple[str, ...]
    delimiter: str
    encoding: str
    places: tuple[int, ...] = ()
    """The numbers of these columns in the file, from 1."""


@dataclass(slots=True)
class Findings:
    """A list that ends: a million bad rows have one cause, and the first thousand show it."""

    listed: list[Finding] = field(default_factory=list)
    left_out: int = 0

    def add(self, code: str, message: str, location: Location, severity: Severity = Severity.ERROR) -> None:
        if len(self.listed) < MOST_FINDINGS:
            self.listed.append(Finding(severity, code, message, location))
        else:
            self.left_out += 1

    def all(self) -> tuple[Finding, ...]:
        """In the order of the document."""
        self.listed.sort(key=lambda finding: finding.location.offset)
        if not self.left_out:
            return tuple(self.listed)
        words = f"{self.left_out} more findings like these; mend the first ones and read again"
        return (*self.listed, Finding(Severity.ERROR, "more", words, self.listed[-1].location))


@dataclass(frozen=True, slots=True)
class _Record:
    """A line of cells as it stands in the bytes; `broken` says what is wrong with its quoting."""

    number: int
    offset: int
    cells: list[str]
    broken: str = ""


def read_table(content: bytes, layout: Layout) -> Table:
    """Rows of a text table. Raises Unreadable when it is no table of this layout at all; all else becomes findings."""
    text, encoding, start = _decode(content, layout.title)
    delimiter = _delimiter(text, layout)
    findings = Findings()
    if encoding == "cp1252":
        words = "not UTF-8: read as Windows-1252; look at accented letters, or save the file as CSV UTF-8"
        findings.add("encoding", words, Location(_first_bad_byte(content), ""), Severity.WARNING)
    records = _records(text, delimiter, encoding, start)
    header = next((record for record in records if any(record.cells)), _Record(1, start, []))
    places = _places(header, layout, findings)
    rows: list[Row] = []
    if places is not None:
        seen: dict[tuple[Any, ...], int] = {}
        for record in records:
            row = _row(record, header, (layout, places), findings)
            if row is not None and _is_new(row, layout, seen, findings):
                rows.append(row)
    columns = tuple(column.name for column in (places or {}).values())
    numbers = tuple(index + 1 for index in places or {})
    return Table(tuple(rows), findings.all(), columns, delimiter, encoding, numbers)


def has_columns(head: bytes, names: Iterable[str]) -> bool:
    """Whether the first line of these bytes names all these columns. Never raises."""
    try:
        text, _, _ = _decode(head[:65_536], "table", cut=True)
    except Unreadable:
        return False
    wanted = {_plain(name) for name in names}
    return any(wanted <= {_plain(cell) for cell in _first_cells(text, delimiter)} for delimiter in DELIMITERS)


def write_table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A table in UTF-8 with commas, as RFC 4180 has it. `read_table` gives the same cells back."""
    return b"".join(table_parts(names, rows))


def table_parts(names: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """The same in parts of a thousand rows, for a table that nobody needs whole."""
    left = iter([names])
    rows = iter(rows)
    while part := list(islice(chain(left, rows), _ROWS_OF_PART)):
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator="\r\n").writerows(part)
        yield out.getvalue().encode()


def write_sheet(names: Sequence[str], rows: Iterable[Iterable[object]]) -> bytes:
    """A table for people's spreadsheets: words are inert, numbers stay numbers, and what there is not (None) is empty."""
    return b"".join(sheet_parts(names, rows))


def sheet_parts(names: Sequence[str], rows: Iterable[Iterable[object]]) -> Iterator[bytes]:
    """The same in parts of a thousand rows."""
    return table_parts(
        names, ([inert(cell) if isinstance(cell, str) else _shown(cell) for cell in row] for row in rows)
    )


def inert(cell: str) -> str:
    """Words that no spreadsheet runs (CWE-1236): an apostrophe before what would. Taking off one at the start gives the words."""
    return "'" + cell if cell.startswith(_RUNS) else cell


def _shown(cell: object) -> str:
    return "" if cell is None else str(cell)


def text(cell: str) -> str:
    """Words as they stand. Raises Invalid for control characters and texts beyond 1000 characters."""
    if len(cell) > LONGEST_TEXT:
        raise Invalid(f"expected at most {LONGEST_TEXT} characters, found {len(cell)}; is a quote missing?")
    if found := _CONTROL.search(cell):
        raise Invalid(f"expected text, found the control character {found.group()!r}")
    return cell


def whole(smallest: int, largest: int) -> Callable[[str], int]:
    """A reader of whole numbers within bounds, written in digits alone."""

    def read(cell: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,15}", cell) or not smallest <= int(cell) <= largest:
            raise Invalid(f"expected a whole number from {smallest} to {largest} in digits alone, found {_short(cell)}")
        return int(cell)

    return read


def decimal(mark: str) -> Callable[[str], Decimal]:
    """A reader of exact decimals with the declared mark. Thousands are not grouped: 1,234 means two things in two countries."""
    if mark not in (".", ","):
        raise Invalid(f"Decimal mark {mark!r}: expected a point or a comma.")

    def read(cell: str) -> Decimal:
        if not re.fullmatch(rf"-?[0-9]{{1,20}}(?:{re.escape(mark)}[0-9]{{1,10}})?", cell):
            raise Invalid(f"expected a number such as 1234{mark}56 (declared: decimal {mark!r}), found {_short(cell)}")
        return exact_decimal(cell.replace(mark, "."))

    return read


def flag(cell: str) -> bool:
    """Yes or no, in the words that spreadsheets and people use."""
    match cell.lower():
        case "yes" | "y" | "true" | "1" | "x":
            return True
        case "no" | "n" | "false" | "0":
            return False
        case _:
            raise Invalid(f"expected yes or no, found {_short(cell)}")


def _short(cell: str) -> str:
    return repr(cell) if len(cell) <= 40 else f"{cell[:40]!r}..."


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).casefold()


def _decode(content: bytes, title: str, *, cut: bool = False) -> tuple[str, str, int]:
    """The text, its encoding and where it begins. `cut`: the bytes may end in the middle of a character."""
    if len(content) > LARGEST_BYTES:
        raise Unreadable(f"{title}: {len(content)} bytes, expected at most {LARGEST_BYTES}; split the file.")
    for opening, kind in _NOT_TEXT.items():
        if content.startswith(opening):
            raise Unreadable(f"{title}: expected CSV, found {kind}; save the sheet as CSV UTF-8.")
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            try:
                return content[len(mark) :].decode(encoding, "ignore" if cut else "strict"), encoding, len(mark)
            except UnicodeDecodeError as error:
                where = error.start + len(mark)
                raise Unreadable(
                    f"{title}: its mark says {encoding}, but byte {where} is not; save it as CSV UTF-8."
                ) from None
    if b"\0" in content:
        where = content.index(b"\0")
        raise Unreadable(f"{title}: byte {where} is zero: UTF-16 without a mark, or no text; save it as CSV UTF-8.")
    try:
        return content.decode("utf-8"), "utf-8", 0
    except UnicodeDecodeError as error:
        if cut and error.end == len(content):
            return content[: error.start].decode("utf-8"), "utf-8", 0
    try:
        return content.decode("cp1252"), "cp1252", 0
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"{title}: byte {error.start} is neither UTF-8 nor Windows-1252; save it as CSV UTF-8."
        ) from None


def _first_bad_byte(content: bytes) -> int:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return 0


def _first_cells(text: str, delimiter: str) -> list[str]:
    for record in _records(text, delimiter, "utf-8", 0):
        if any(record.cells):
            return record.cells
    return []


def _delimiter(text: str, layout: Layout) -> str:
    """The delimiter by which the first line names most of the declared columns."""
    known = {_plain(name) for column in layout.columns for name in (column.name, *column.aliases)}
    counts = {mark: len(known & {_plain(cell) for cell in _first_cells(text, mark)}) for mark in DELIMITERS}
    best = max(DELIMITERS, key=lambda mark: counts[mark])
    if not counts[best]:
        needed = [column.name for column in layout.columns if column.needed]
        names = ", ".join(needed) or "such as " + ", ".join(column.name for column in layout.columns)
        first = text.lstrip()[:60].splitlines()
        raise Unreadable(
            f"{layout.title}: expected a first line with the columns {names}, found {first[0] if first else ''!r}."
        )
    return best


def _records(text: str, delimiter: str, encoding: str, start: int) -> Iterator[_Record]:
    """Lines of cells with their number and offset; the reader of the standard library does the quoting."""
    consumed = [start, start]  # where the line being read ends, and where its record began

    def lines() -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            consumed[0] += len(line.encode(encoding))
            yield line

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number, consumed[1] = number + 1, consumed[0]
        try:
            yield _Record(number, consumed[1], [cell.strip() for cell in next(reader)])
        except StopIteration:
            return
        except csv.Error as error:
            yield _Record(number, consumed[1], [], str(error))


def _places(header: _Record, layout: Layout, findings: Findings) -> dict[int, Column] | None:
    """Which cell belongs to which column; None when rows would have no meaning."""
    places: dict[int, Column] = {}
    by_name = {_plain(name): column for column in layout.columns for name in (column.name, *column.aliases)}
    fatal = False
    for index, cell in enumerate(header.cells):
        location = Location(header.offset, f"row {header.number}, column {index + 1}")
        column = by_name.get(_plain(cell))
        if column is None:
            if cell:
                near = difflib.get_close_matches(_plain(cell), by_name, n=1, cutoff=0.75)
                hint = f"; did you mean {by_name[near[0]].name!r}?" if near else ""
                words = f"column {_short(cell)} is not known and not read{hint}"
                findings.add("unknown-column", words, location, Severity.WARNING)
        elif column in places.values():
            fatal = True
            findings.add("duplicate-column", f"column {column.name!r} stands there twice; keep one", location)
        else:
            places[index] = column
    for column in layout.columns:
        if column.needed and column not in places.values():
            fatal = True
            words = f"column {column.name!r} is missing; found {', '.join(cell for cell in header.cells if cell)[:200]}"
            findings.add("missing-column", words, Location(header.offset, f"row {header.number}"))
    return None if fatal else places


def _row(record: _Record, header: _Record, read_by: tuple[Layout, dict[int, Column]], findings: Findings) -> Row | None:
    """The values of a record; None when it is empty or has errors. Spreadsheets leave out empty cells at the end."""
    layout, places = read_by
    location = Location(record.offset, f"row {record.number}")
    if record.broken:
        findings.add(
            "quoting", f"quotes are not closed or stand inside a text ({record.broken}); double them", location
        )
        return None
    if not any(record.cells):
        return None
    if any(record.cells[len(header.cells) :]):
        words = f"{len(record.cells)} cells, expected {len(header.cells)}; a text with the delimiter in it needs quotes"
        findings.add("too-many-cells", words, location)
        return None
    row = Row(record.number, record.offset, {column.name: None for column in layout.columns})
    good = True
    for index, column in places.items():
        cell = record.cells[index] if index < len(record.cells) else ""
        try:
            if cell:
                row.values[column.name] = column.read(cell)
            elif column.needed:
                raise Invalid("expected a value, found nothing")
        except Invalid as error:
            good = False
            findings.add("cell", str(error).removesuffix("."), row.location(column.name))
    return row if good else None


def _is_new(row: Row, layout: Layout, seen: dict[tuple[Any, ...], int], findings: Findings) -> bool:
    if not layout.unique:
        return True
    key = tuple(row.values.get(name) for name in layout.unique)
    first = seen.setdefault(key, row.number)
    if first == row.number:
        return True
    named = ", ".join(f"{name} {value}" for name, value in zip(layout.unique, key, strict=True) if value is not None)
    findings.add("duplicate", f"{named} was already given in row {first}; keep one", row.location(layout.unique[0]))
    return False
