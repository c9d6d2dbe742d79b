"""Codings of lines as CSV or XLSX: the lines that wait go out, and come in with what each of them is in three columns."""

from __future__ import annotations

from dataclasses import dataclass

from trueup.base.ids import digest_of
from trueup.formats.document import Reading
from trueup.formats.sheet_table import as_table
from trueup.formats.tabular import Column, Layout, read_table, text, whole

_TITLE = "Codings of lines"
_LARGEST_ID, _LARGEST_LINE = 2**62, 2**31 - 1
_LAYOUT = Layout(
    _TITLE,
    (
        Column("remittance", whole(1, _LARGEST_ID), needed=True),
        Column("line", whole(-_LARGEST_LINE, _LARGEST_LINE), needed=True),
        Column("type", text),
        Column("account", text),
        Column("note", text),
    ),
    unique=("remittance", "line"),
)


@dataclass(frozen=True, slots=True)
class WrittenCoding:
    """A row that was filled in: which line is of which type, on which account if another, why, and where the row stands."""

    remittance: int
    line: int
    type: str
    account: str
    note: str
    place: str


def read_line_codings(content: bytes) -> Reading[WrittenCoding]:
    """The rows that were filled in, of a CSV or of an Excel workbook's first sheet; one without a type says nothing.

    Raises Unreadable when it is no such table.
    """
    table = read_table(as_table(content, _TITLE), _LAYOUT)
    coded = tuple(
        WrittenCoding(
            row.values["remittance"],
            row.values["line"],
            row.values["type"],
            row.values["account"] or "",
            row.values["note"] or "",
            f"row {row.number}",
        )
        for row in table.rows
        if row.values["type"]
    )
    return Reading(digest_of(content), "line-codings", coded, table.findings)
