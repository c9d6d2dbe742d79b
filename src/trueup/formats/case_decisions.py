"""Decisions about cases as CSV or XLSX: the cases that wait go out, and come in with what was decided in two columns.

Words of other systems are no formulas: a spreadsheet that opens them must run nothing (CWE-1236).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from trueup.base.errors import Invalid
from trueup.base.ids import digest_of
from trueup.domain.cases import Resolution
from trueup.formats.document import Finding, Reading
from trueup.formats.sheet_table import as_table, cell_name
from trueup.formats.tabular import Column, Layout, read_table, sheet_parts, text, whole

SHOWN = ("case", "kind", "what", "expected", "found", "at risk", "deadline", "order", "owner", "allowed")
"""Columns to read; `resolution` and `note` after them are filled in."""
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
