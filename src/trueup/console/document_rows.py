"""The structure of a table in text: each row with its cells, named by the heading they stand under, each in its place."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from trueup.base.errors import Unreadable
from trueup.console.document_places import as_grid
from trueup.console.document_structure import MOST_PLACES, Part, PlacedElement
from trueup.formats.remittance._grids import TextGrid

_FEWEST_CELLS = 2
LARGEST_BYTES = 20_000_000
_NO_TABLES = (b"<", b"{", b"[", b":", b"ISA", b"UNA", b"PK\x03\x04", b"%PDF", b"\x1f\x8b", b"\xd0\xcf")


def rows_of(content: bytes, start: int, end: int) -> list[Part]:
    """The rows that begin between two bytes; none for what is no table under a heading."""
    if len(content) > LARGEST_BYTES or b"\0" in content[:4000] or content.startswith(_NO_TABLES):
        return []
    try:
        grid = as_grid(content)
    except Unreadable:
        return []
    parts: list[Part] = []
    heading: Sequence[str] = ()
    bare, count = True, 0
    for number, offset, text in _records(grid):
        if offset >= end or count >= MOST_PLACES:
            break
        cells = next(csv.reader([text], delimiter=grid.delimiter), [])
        filled = sum(1 for cell in cells if cell.strip())
        if filled < _FEWEST_CELLS:
            bare = True
            continue
        if (bare or not heading) and not any(sign.isdigit() for cell in cells for sign in cell):
            heading, bare = [cell.strip() for cell in cells], False
            continue
        if heading and offset >= start:
            part = _part((number, offset, text), cells, heading, grid.encoding)
            parts.append(part)
            count += len(part.elements)
        bare = False
    return parts


def _records(grid: TextGrid) -> Iterator[tuple[int, int, str]]:
    """Each row: its number, where it begins, and its text; what stands in quotes may go over several lines."""
    at, number, held = grid.start, 0, ""
    for line in grid.lines():
        held += line
        if held.count('"') % 2:
            continue
        number += 1
        yield number, at, held
        at, held = at + len(held.encode(grid.encoding)), ""


def _part(row: tuple[int, int, str], cells: Sequence[str], heading: Sequence[str], encoding: str) -> Part:
    number, offset, text = row
    elements, at = [], 0
    for index, cell in enumerate(cells):
        value = cell.strip()
        place = text.find(value, at) if value else -1
        if place < 0:
            continue
        at = place + len(value)
        name = heading[index] if index < len(heading) else ""
        begins = offset + len(text[:place].encode(encoding))
        position = f"row {number}, column {name or index + 1}"
        elements.append(PlacedElement(begins, value, name, position, length=len(value.encode(encoding))))
    return Part(f"row {number}", offset, tuple(elements))
