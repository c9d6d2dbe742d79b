"""Rows of a file that is a table, as text or as a workbook: read as often as needed, never held whole.

Rows are counted as a spreadsheet shows them. Bytes of a row are counted only when something is to be said about it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from trueup.base.errors import Unreadable
from trueup.formats.document import Finding, Location, Severity

Cells: TypeAlias = list[Any]
"""Text; in a workbook also float, bool, date, datetime, time and timedelta. An empty cell is the empty text."""

DELIMITERS = (",", ";", "\t", "|")
LARGEST_BYTES = 400_000_000
MOST_REMARKS = 1000
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CHUNK_BYTES = 1 << 20


class Grid(Protocol):
    """A table of rows. `title` names the sheet, "" in a text file."""

    @property
    def title(self) -> str: ...
    def rows(self) -> Iterator[tuple[int, Cells]]:
        """Each row with its number, from 1; a row whose quotes are broken is a list of one `Broken`."""
        ...

    def offsets(self, rows: Iterable[int]) -> dict[int, int]:
        """Where these rows begin in the bytes; 0 where a row has no place of its own in them."""
        ...


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that cannot be cut into cells; `why` in words."""

    why: str


@dataclass(frozen=True, slots=True)
class TextGrid:
    """A table in text: its bytes, how they are encoded, where the text begins and what parts the cells."""

    content: bytes
    encoding: str
    start: int
    delimiter: str = ","
    title: str = ""

    def rows(self) -> Iterator[tuple[int, Cells]]:
        reader = csv.reader(self.lines(), delimiter=self.delimiter, strict=True)
        number = 0
        while True:
            try:
                for cells in reader:
                    number += 1
                    yield number, cells
            except csv.Error as error:
                number += 1
                yield number, [Broken(str(error))]
            else:
                return

    def lines(self) -> Iterator[str]:
        """Lines with their ends."""
        raw = io.BytesIO(self.content)
        raw.seek(self.start)
        return iter(io.TextIOWrapper(raw, self.encoding, newline=""))

    def offsets(self, rows: Iterable[int]) -> dict[int, int]:
        wanted = set(rows)
        found: dict[int, int] = {}
        consumed = began = self.start

        def counted() -> Iterator[str]:
            nonlocal consumed
            for line in self.lines():
                consumed += len(line.encode(self.encoding))
                yield line

        reader = csv.reader(counted(), delimiter=self.delimiter, strict=True)
        number, last = 0, max(wanted, default=0)
        while number < last:
            number, began = number + 1, consumed
            try:
                next(reader)
            except StopIteration:
                break
            except csv.Error:
                pass
            if number in wanted:
                found[number] = began
        return {row: found.get(row, began) for row in wanted}


def text_grid(content: bytes, what: str) -> TextGrid:
    """The bytes as text, its encoding found; the delimiter is yet to be chosen. Raises Unreadable when they are no text."""
    if len(content) > LARGEST_BYTES:
        raise Unreadable(f"{what}: {len(content)} bytes, expected at most {LARGEST_BYTES}; split the file.")
    encoding, start = encoding_of(content[:4096])
    if encoding == "utf-8":
        fault = _first_fault(content, start, encoding)
        encoding = "utf-8" if fault is None else "cp1252"
    fault = _first_fault(content, start, encoding)
    if fault is not None:
        raise Unreadable(f"{what}: byte {fault} is no text in {encoding}; save the file as CSV UTF-8.")
    return TextGrid(content, encoding, start)


def encoding_of(head: bytes) -> tuple[str, int]:
    """The encoding that an opening shows, and where its text begins: UTF-8 or UTF-16, with or without a mark."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    even, odd, half = head[::2].count(0), head[1::2].count(0), len(head) // 2
    if half > 4 and odd > 0.4 * half and not even:
        return "utf-16-le", 0
    if half > 4 and even > 0.4 * half and not odd:
        return "utf-16-be", 0
    return "utf-8", 0


def opening_text(head: bytes) -> str:
    """What an opening says, however it is encoded; what is cut or damaged is left out. Never raises."""
    encoding, start = encoding_of(head)
    if encoding == "utf-8":
        try:
            return head[start:].decode("utf-8")
        except UnicodeDecodeError as error:
            return head[start:].decode("utf-8" if len(head) - start - error.start < 4 else "cp1252", "ignore")
    return head[start:].decode(encoding, "ignore")


def _first_fault(content: bytes, start: int, encoding: str) -> int | None:
    """The byte at which the content is not of the encoding, looked through in pieces."""
    if encoding == "cp1252":
        return next((place for byte in b"\x81\x8d\x8f\x90\x9d" if (place := content.find(byte)) >= 0), None)
    from codecs import getincrementaldecoder

    decoder = getincrementaldecoder(encoding)()
    for place in range(start, len(content), _CHUNK_BYTES):
        try:
            decoder.decode(content[place : place + _CHUNK_BYTES], final=place + _CHUNK_BYTES >= len(content))
        except UnicodeDecodeError as error:
            return min(place + error.start, len(content) - 1)
    return None


@dataclass(slots=True)
class Remarks:
    """What there is to say about a file. A list that ends: a million bad rows have one cause, the first thousand show it."""

    listed: list[tuple[Severity, str, str, Grid, int, str]] = field(default_factory=list)
    left_out: int = 0

    def error(self, code: str, message: str, grid: Grid, row: int, column: str = "") -> None:
        """A part that is not taken in."""
        self._add(Severity.ERROR, code, message, (grid, row, column))

    def warning(self, code: str, message: str, grid: Grid, row: int, column: str = "") -> None:
        """Taken in, and someone should know."""
        self._add(Severity.WARNING, code, message, (grid, row, column))

    def _add(self, severity: Severity, code: str, message: str, where: tuple[Grid, int, str]) -> None:
        if len(self.listed) < MOST_REMARKS:
            self.listed.append((severity, code, message, *where))
        else:
            self.left_out += 1

    def findings(self) -> tuple[Finding, ...]:
        """Located, in the order of the document."""
        rows: dict[int, tuple[Grid, set[int]]] = {}
        for _, _, _, grid, row, _ in self.listed:
            rows.setdefault(id(grid), (grid, set()))[1].add(row)
        offsets = {key: grid.offsets(wanted) for key, (grid, wanted) in rows.items()}
        places = list(rows)
        ordered = sorted(self.listed, key=lambda remark: (places.index(id(remark[3])), remark[4]))
        found = [
            Finding(severity, code, message, Location(offsets[id(grid)][row], place_of(grid, row, column)))
            for severity, code, message, grid, row, column in ordered
        ]
        if self.left_out:
            words = f"{self.left_out} more findings like these; mend the first ones and read again"
            found.append(Finding(Severity.ERROR, "more", words, found[-1].location))
        return tuple(found)


def place_of(grid: Grid, row: int, column: str = "") -> str:
    """Where a cell stands, in words: `sheet Payments, row 7, column Amount Paid`."""
    parts = (
        f"sheet {grid.title}" if grid.title else "",
        f"row {row}" if row else "",
        f"column {column}" if column else "",
    )
    return ", ".join(part for part in parts if part)
