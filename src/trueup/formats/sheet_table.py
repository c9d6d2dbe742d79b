"""Tables that people hand in as CSV or as an Excel workbook: the workbook's first sheet as the CSV that it would be.

Rows keep their numbers, so that what is said of row 7 is found in row 7 of the sheet.
"""

from __future__ import annotations

from typing import Any

from trueup.base.errors import Unreadable
from trueup.formats.recognise import HEAD_BYTES
from trueup.formats.remittance._workbook import open_workbook, opens_workbook
from trueup.formats.tabular import write_table


def as_table(content: bytes, what: str) -> bytes:
    """The bytes themselves, or their first sheet as a table. Raises Unreadable for a workbook without one."""
    if not opens_workbook(content[:HEAD_BYTES]):
        return content
    sheets = open_workbook(content, what)
    if not sheets:
        raise Unreadable(f"{what}: the workbook has no sheet; expected one with a row of column names.")
    rows = [[_written(cell) for cell in cells] for _, cells in sheets[0].rows()]
    return write_table(rows[0], rows[1:]) if rows else b""


def cell_name(column: int, row: int) -> str:
    """A cell as spreadsheets call it: the second column of row 7 is B7. Columns count from 1."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row}"


def _written(cell: Any) -> str:
    """A cell as people see it: whole numbers without a point."""
    if (
        isinstance(cell, float) and cell.is_integer()
    ):  # a spreadsheet counts in floats; a case's number, a GTIN, is whole
        return str(int(cell))
    return "" if cell is None else str(cell)
