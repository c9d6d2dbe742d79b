"""Decisions about cases as CSV or XLSX: the cases that wait go out, and come in with what was decided in two columns.

Words of other systems are no formulas: a spreadsheet that opens them must run nothing (CWE-1236).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trueup.base.errors import Invalid
from trueup.base.ids import digest_of
from trueup.domain.cases import Resolution
from trueup.formats.document import Finding, Reading, Severity
from trueup.formats.sheet_table import as_table, cell_name
from trueup.formats.tabular import Column, Layout, Table, read_table, sheet_parts, text, whole

SHOWN = ("case", "kind", "what", "expected", "found", "at risk", "deadline", "order", "owner", "allowed")
"""Columns to read; `resolution` and `note` after them are filled in."""
_ROW = re.compile(r"row (?P<row>\d+)")
_LONGEST_ROW = 20_000
"""Bytes: a row that is longer is not told as it is written."""
_LARGEST_ID = 2**62
_CELL = re.compile(r"row (?P<row>\d+), column (?P<column>\w+)")


def _resolution(cell: str) -> Resolution:
    try:
        return Resolution(cell.strip().lower())
    except ValueError as error:
        known = ", ".join(each.value for each in Resolution)
        raise Invalid(f"{cell!r} is no resolution; expected one of {known}") from error


_LAYOUT = Layout(
    "Decisions about cases",
    (
        Column("case", whole(1, _LARGEST_ID), needed=True),
        Column("resolution", _resolution),
        Column("note", text),
    ),
    unique=("case",),
)


@dataclass(frozen=True, slots=True)
class WrittenDecision:
    """A row that was filled in: what is decided about a case, why, and the cell in which that stands."""

    case: int
    resolution: Resolution
    note: str
    place: str


@dataclass(frozen=True, slots=True)
class UnreadRow:
    """A row that cannot be read: what stands in it as it is written, the cells that are wrong, and why."""

    case: str
    resolution: str
    note: str
    cell: str
    why: str


def case_parts(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Rows of the queue as a table to fill in, part by part."""
    return sheet_parts((*SHOWN, "resolution", "note"), (_cells(row) for row in rows))


def read_case_decisions(content: bytes) -> Reading[WrittenDecision]:
    """The rows that were filled in, of a CSV or of an Excel workbook's first sheet; one without a resolution says nothing.
    Columns that are there to be read alone are no findings.

    Raises Unreadable when it is no such table.
    """
    table = read_table(as_table(content, "Decisions about cases"), _LAYOUT)
    letters = dict(zip(table.columns, table.places, strict=True))
    decided_in = letters.get("resolution", 1)
    decided = tuple(
        WrittenDecision(
            row.values["case"], row.values["resolution"], row.values["note"] or "", cell_name(decided_in, row.number)
        )
        for row in table.rows
        if row.values["resolution"] is not None
    )
    findings = tuple(_placed(each, letters) for each in table.findings if each.code != "unknown-column")
    return Reading(digest_of(content), "case-decisions", decided, findings)


def unread_rows(content: bytes) -> tuple[UnreadRow, ...]:
    """The rows that cannot be read, each once, with why. Raises as `read_case_decisions`."""
    plain = as_table(content, "Decisions about cases")
    table = read_table(plain, _LAYOUT)
    letters = dict(zip(table.columns, table.places, strict=True))
    by_row: dict[int, list[Finding]] = {}
    for each in table.findings:
        if each.severity is Severity.ERROR and (row := _ROW.match(each.location.path)) is not None:
            by_row.setdefault(int(row["row"]), []).append(_placed(each, letters))
    return tuple(_unread(_cells_at(plain, table, found[0].location.offset), found) for found in by_row.values())


def _unread(said: Mapping[str, str], found: Sequence[Finding]) -> UnreadRow:
    cells = ", ".join(dict.fromkeys(each.location.path for each in found))
    why = "; ".join(f"{each.location.path}: {each.message}" for each in found)
    return UnreadRow(said.get("case", ""), said.get("resolution", ""), said.get("note", ""), cells, why)


def _cells_at(plain: bytes, table: Table, offset: int) -> dict[str, str]:
    """What stands in the row that begins there, by column; nothing of one whose quotes are broken."""
    written = io.StringIO(plain[offset : offset + _LONGEST_ROW].decode(table.encoding, "replace"), newline="")
    try:
        row = next(csv.reader(written, delimiter=table.delimiter, strict=True), [])
    except csv.Error:
        return {}
    return {
        name: row[place - 1].strip()
        for name, place in zip(table.columns, table.places, strict=True)
        if place <= len(row)
    }


def _placed(found: Finding, letters: Mapping[str, int]) -> Finding:
    """A finding with the cell that a spreadsheet shows it in."""
    told = _CELL.fullmatch(found.location.path)
    if told is None or told["column"] not in letters:
        return found
    cell = cell_name(letters[told["column"]], int(told["row"]))
    return replace(found, location=replace(found.location, path=cell))


def _cells(row: Mapping[str, Any]) -> tuple[object, ...]:
    return (
        row["id"],
        row["kind"],
        row["title"],
        row["expected"],
        row["found"],
        row["money_at_risk"],
        row["deadline"],
        row["order"],
        row["owner"],
        " ".join(row["resolutions"]),
        "",
        "",
    )
