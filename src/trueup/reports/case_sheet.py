"""Cases as a workbook to fill in: what waits, with a column for the resolution and one for why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, BinaryIO

from trueup.base.clock import read_instant
from trueup.base.money import Money
from trueup.reports.workbook import Cell, Column, Properties, Sheet, write_workbook

_COLUMNS = (
    Column("case", 8),
    Column("resolution", 20),
    Column("note", 30),
    Column("kind", 24),
    Column("what", 60),
    Column("expected", 30),
    Column("found", 30),
    Column("at risk", 14),
    Column("currency", 9),
    Column("deadline", 18),
    Column("order", 22),
    Column("owner", 12),
    Column("allowed", 40),
)


def write_case_sheet(out: BinaryIO, rows: Iterable[Mapping[str, Any]], made_at: datetime) -> None:
    """Rows of the queue, one sheet. Words are text, whatever they begin with: no cell is a formula."""
    sheet = Sheet("Cases", _COLUMNS, (_cells(row) for row in rows))
    write_workbook(out, [sheet], Properties("Cases to be decided", made_at))


def _cells(row: Mapping[str, Any]) -> Sequence[Cell]:
    value, _, currency = (row["money_at_risk"] or "").partition(" ")
    return (
        row["id"],
        "",
        "",
        row["kind"],
        row["title"],
        row["expected"],
        row["found"],
        Money.of(value, currency).amount if currency else None,
        currency,
        read_instant(row["deadline"]) if row["deadline"] else None,
        row["order"] or "",
        row["owner"],
        " ".join(row["resolutions"]),
    )
