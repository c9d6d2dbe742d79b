"""Lines of the journal as a spreadsheet: a row a line, debits and credits apart, and the totals of each currency at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, BinaryIO

from trueup.base.money import Money
from trueup.reports.workbook import Cell, Column, Properties, Sheet, write_workbook

COLUMNS = (
    Column("Entry", 10),
    Column("Day", 11),
    Column("Kind", 12),
    Column("What", 40),
    Column("Account", 30),
    Column("Debit", 16),
    Column("Credit", 16),
    Column("Currency", 9),
    Column("Reference", 24),
    Column("Type", 16),
    Column("Rule", 24),
    Column("Evidence", 20),
)
Row = tuple[Cell, ...]


def rows_of_lines(lines: Iterable[Any], account: Callable[[str], str], *, totals: bool = False) -> Iterator[Row]:
    """A row a line, and with `totals` after the last what debits and credits of each currency come to.

    `account`: what one is called.

    A line has `id`, `day`, `kind`, `narration`, `account`, `minor`, `currency`, `reference`, `type`, `rule` and `evidence`.
    """
    sums: dict[str, list[int]] = {}
    for line in lines:
        amount = Money(abs(int(line.minor)), line.currency)
        debit = line.minor > 0
        sums.setdefault(line.currency, [0, 0])[0 if debit else 1] += amount.minor
        sides = (amount, None) if debit else (None, amount)
        about = (line.reference, line.type, line.rule, line.evidence)
        yield (line.id, line.day, line.kind, line.narration, account(line.account), *sides, line.currency, *about)
    for currency, (debits, credits) in sorted(sums.items()) if totals else ():
        both = (Money(debits, currency), Money(credits, currency))
        yield (None, None, None, f"Total {currency}", None, *both, currency, None, None, None, None)


def write_lines_workbook(out: BinaryIO, rows: Iterable[Row], title: str, made_at: datetime) -> None:
    """The rows as XLSX; beyond what a sheet holds they go on in another. Rows are not held."""
    write_workbook(out, [Sheet("Journal", COLUMNS, rows)], Properties(title, made_at))
