"""Lines in suspense as a workbook to fill in: a column for what each is, one for its account and one for why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, BinaryIO

from trueup.base.money import Money
from trueup.reports.workbook import Cell, Column, Properties, Sheet, write_workbook

_LINES = (
    Column("remittance", 11),
    Column("line", 8),
    Column("type", 22),
    Column("account", 12),
    Column("note", 30),
    Column("payment", 16),
    Column("paid on", 12),
    Column("partner", 16),
    Column("reference", 24),
    Column("says", 40),
    Column("amount", 14),
    Column("currency", 9),
    Column("why it waits", 50),
)
_TYPES = (Column("type", 28), Column("means", 60))


def write_coding_sheet(
    out: BinaryIO, rows: Iterable[Mapping[str, Any]], types: Iterable[tuple[str, str]], made_at: datetime
) -> None:
    """The lines to be coded, and on a second sheet the types that there are. Words are text: no cell is a formula."""
    lines = Sheet("Lines", _LINES, (_cells(row) for row in rows))
    known = Sheet("Types", _TYPES, (list(each) for each in types))
    write_workbook(out, [lines, known], Properties("Lines to be coded", made_at))


def _cells(row: Mapping[str, Any]) -> Sequence[Cell]:
    amount, _, currency = row["amount"].partition(" ")
    return (
        *(row["remittance"], row["line"], "", "", "", row["payment"], date.fromisoformat(row["paid_on"])),
        *(
            row["partner"],
            row["reference"],
            row["description"],
            Money.of(amount, currency).amount,
            currency,
            row["why"],
        ),
    )
