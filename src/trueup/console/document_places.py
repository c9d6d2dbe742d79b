"""Where a place that a fact names stands in a document: "row 62", "$.remittanceItems[0]", "set 820 0001, segment 9", "byte 4400".

A fact keeps its place in its format's own words, for people; a link must lead to the bytes. What is in no bytes, a row of a
workbook, is shown as the rows around it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from trueup.base.errors import Unreadable
from trueup.console.document_structure import LARGEST_JSON_BYTES
from trueup.formats.amazon_vendor._elements import Path, locate
from trueup.formats.edi.syntax import blocks
from trueup.formats.remittance._grids import TextGrid, encoding_of, text_grid
from trueup.formats.remittance._workbook import SheetGrid, open_workbook, opens_workbook
from trueup.formats.x12.syntax import HeaderFault, read_header

_BYTE = re.compile(r"byte (\d{1,11})\)?$")
_ROW = re.compile(r"(?:sheet (?P<sheet>.+), )?row (?P<row>\d{1,8})(?:, column (?P<column>.*))?$")
_LINE = re.compile(r"line (\d{1,8})$")
_SEGMENT = re.compile(r"set (\w+) (\w+), segment (\d{1,8})")
_JSON = re.compile(r"\$((?:\.[^.\[\]]+|\[\d{1,8}\])+)$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_BEFORE, _SHEET_ROWS, _MOST_CELLS, _LONGEST_CELL = 8, 30, 30, 80
_SHORTEST_FOUND = 3
_LONGEST_VALUE = 4000


def find_place(content: bytes, said: str) -> tuple[int, int] | None:
    """The byte at which a place begins and how many bytes it has; None for one that is in no bytes, or is not there."""
    if said.isascii() and said.isdecimal():
        return (int(said), 0) if len(said) < 12 else None
    if found := _BYTE.search(said):
        return int(found[1]), 0
    if found := _SEGMENT.search(said):
        return _segment(content, (found[1], found[2]), int(found[3]))
    if (found := _JSON.search(said)) and content.lstrip()[:1] in (b"{", b"["):
        return _value(content, found[1]) if len(content) <= LARGEST_JSON_BYTES and "page " not in said else None
    if (found := _ROW.match(said)) and not found["sheet"]:
        return _row(content, int(found["row"]))
    if found := _LINE.match(said):
        return _line(content, int(found[1]))
    return None


def find_word(content: bytes, word: str) -> tuple[int, int] | None:
    """Where a word stands first: the number of an order, a SKU. As a whole word before one that merely begins so."""
    told = word.encode()
    if len(told) < _SHORTEST_FOUND:
        return None
    whole = re.search(rb"(?<![\w-])" + re.escape(told) + rb"(?![\w-])", content)
    at = whole.start() if whole else content.find(told)
    return (at, len(told)) if at >= 0 else None


def _value(content: bytes, said: str) -> tuple[int, int] | None:
    path: Path = tuple(name or int(number) for name, number in _STEP.findall(said))
    try:
        at = locate(content, [path])[path]
    except (LookupError, TypeError):  # what is no well-formed JSON has no places
        return None
    return at, _value_length(content, at)


def _value_length(content: bytes, at: int) -> int:
    """How many bytes the JSON value that begins there has; 0 for one that is longer than worth marking."""
    text = content[at : at + _LONGEST_VALUE].decode("utf-8", "ignore")
    try:
        return len(text[: json.JSONDecoder().raw_decode(text)[1]].encode())
    except ValueError:
        return 0


def _segment(content: bytes, of_set: tuple[str, str], number: int) -> tuple[int, int] | None:
    """A segment by its number within its set, whose ST is the first."""
    header = read_header(content, 0)
    if isinstance(header, HeaderFault):
        return None
    marks, within = header.separators, 0
    for offset, text in _segments(content, marks.segment):
        values = text.split(marks.element)
        if values[0] == "ST":
            within = 1 if tuple(each.strip() for each in values[1:3]) == of_set else 0
        elif within:
            within += 1
        if within == number:
            return offset, len(text)
    return None


def _segments(content: bytes, terminator: str) -> Iterator[tuple[int, str]]:
    for block in blocks(content, 0, terminator):
        at = block.offset
        for raw in block.segments:
            text = raw.lstrip("\r\n")
            if text:
                yield at + len(raw) - len(text), text
            at += len(raw) + 1


def _row(content: bytes, number: int) -> tuple[int, int] | None:
    try:
        grid = as_grid(content)
    except Unreadable:
        return None
    places = grid.offsets((number, number + 1))
    end = places[number + 1] if places[number + 1] > places[number] else len(content)
    return places[number], len(content[places[number] : end].rstrip(b"\r\n"))


def _line(content: bytes, number: int) -> tuple[int, int] | None:
    at = 0
    for _ in range(number - 1):
        at = content.find(b"\n", at) + 1
        if not at:
            return None
    end = content.find(b"\n", at)
    return at, len(content[at : end if end >= 0 else len(content)].rstrip(b"\r"))


def as_grid(content: bytes) -> TextGrid:
    """A table in text, parted by what its first lines hold most of. Raises Unreadable when it is no text."""
    grid = text_grid(content, "The document")
    head = "".join(islice(grid.lines(), 20))
    return TextGrid(content, grid.encoding, grid.start, max(",;\t|", key=head.count))


@dataclass(frozen=True, slots=True)
class Sheet:
    """Some rows of a workbook's sheet: each with its number; `marked` is the one that somebody came for, 0 for none."""

    title: str
    others: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    marked: int
    before: int | None
    after: int | None
    cell: SheetCell | None = None


@dataclass(frozen=True, slots=True)
class SheetCell:
    """A cell that somebody came for: where it stands, what its column is called (its letter where no heading does), and what it
    holds."""

    index: int
    name: str
    position: str
    value: str


def show_sheet(content: bytes, said: str, begin: int | None) -> Sheet | None:
    """The rows of a workbook around a place, or from a row on; also of a table in UTF-16, which no window of bytes shows. None for
    all else."""
    grids: list[SheetGrid] | list[TextGrid]
    try:
        if opens_workbook(content[:4096]):
            grids = open_workbook(content, "The workbook")
        elif encoding_of(content[:4096])[0] != "utf-8":
            grids = [as_grid(content)]
        else:
            return None
    except Unreadable:
        return None
    wanted = _ROW.match(said)
    named = [each for each in grids if wanted and wanted["sheet"] == each.title] or list(grids)
    if not named:
        return None
    marked = int(wanted["row"]) if wanted else 0
    start = max(1, begin if begin is not None else marked - _BEFORE)
    rows = list(islice(named[0].rows(), start - 1, start + _SHEET_ROWS))
    cell = _cell_of(named[0], marked, wanted["column"]) if wanted and wanted["column"] else None
    shown = tuple((number, tuple(_cell(each) for each in cells[:_MOST_CELLS])) for number, cells in rows[:_SHEET_ROWS])
    before = max(1, start - _SHEET_ROWS) if start > 1 else None
    after = start + _SHEET_ROWS if len(rows) > _SHEET_ROWS else None
    others = tuple(each.title for each in grids if each.title != named[0].title)
    return Sheet(named[0].title, others, shown, marked, before, after, cell)


def _cell_of(grid: SheetGrid | TextGrid, row: int, column: str) -> SheetCell | None:
    """The cell of a row in a column, which is named by its heading or by its letter; None where there is none."""
    heading: list[str] = []
    for number, cells in islice(grid.rows(), row):
        texts = [_cell(each) for each in cells]
        if number == row:
            places = [place for place, name in enumerate(heading) if name == column] or [_place_of_letter(column)]
            if not 0 <= places[0] < len(texts):
                return None
            name = heading[places[0]] if places[0] < len(heading) and heading[places[0]] else column
            position = f"{f'sheet {grid.title}, ' if grid.title else ''}row {row}, column {name}"
            return SheetCell(places[0], name, position, texts[places[0]])
        if sum(1 for text in texts if text.strip()) > 1 and not any(sign.isdigit() for text in texts for sign in text):
            heading = [text.strip() for text in texts]
    return None


def letter_of(index: int) -> str:
    """How a spreadsheet calls a column: A is the first, AA comes after Z."""
    return (letter_of(index // 26 - 1) if index >= 26 else "") + chr(ord("A") + index % 26)


def _place_of_letter(column: str) -> int:
    """Which column a spreadsheet calls so, the first being 0; -1 for what is no such name."""
    if not (column.isascii() and column.isalpha() and column.isupper() and len(column) < 4):
        return -1
    place = 0
    for sign in column:
        place = place * 26 + ord(sign) - ord("A") + 1
    return place - 1


def _cell(value: Any) -> str:
    text = f"{value:.15g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…"
