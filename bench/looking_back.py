"""What it takes to look back at books of many lines: a month's close, a rule tried on all history, the journal written, payments.

Each is timed alone, by one process, after a history was taken in, on the same tables.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from datetime import date

import sqlalchemy as sa

from bench.remittance_worker import PERSON, Desk
from trueup.domain.closing import Month
from trueup.domain.deduction import Direction
from trueup.domain.deduction_rules import DeductionRule, RuleField, RuleForm
from trueup.formats.journal_export import Piece
from trueup.reports.close_pack import write_close_pack_pages, write_close_pack_workbook
from trueup.storage.exports import Scope
from trueup.storage.views.remittances import RemittanceFilter, list_remittances, show_remittance
from trueup.workflows.close_month import look_at_month
from trueup.workflows.export_journal import Ledger, export_journal
from trueup.workflows.try_rules import EVER, try_on
from trueup.workflows.world import Tx

MONTH = Month(date(2026, 10, 1))
"""The last of a history: everything before it is opening."""


class Heap:
    """Files of an export that nobody keeps: how large they are."""

    def __init__(self) -> None:
        self.size = 0

    def put(self, piece: Piece) -> None:
        self.size += len(piece.content)

    def name(self, file: int) -> str:
        return f"journal-{file}"

    def told(self, entries: int) -> None:
        """Nobody watches."""

    def close(self) -> None:
        """Nothing was opened."""


def look_back(url: str) -> list[str]:
    """Rows of the bench's table: what, of how much, seconds, and how many a second."""
    desk = Desk(url)
    booked = desk.engine.act(_count, "journal_lines")
    told = desk.engine.act(_count, "remittance_lines")
    rows = [
        _row(
            f"the close of {MONTH}: figures, checklist, PDF and XLSX",
            f"{booked:,} journal lines",
            booked,
            desk,
            _close,
        ),
        _row("a rule that reads one line in many, tried on all history", f"{told:,} lines", told, desk, _try_rare),
        _row("a rule that reads nearly every line, tried on all history", f"{told:,} lines", told, desk, _try_common),
        _row("the journal written for hledger", f"{booked:,} journal lines", booked, desk, _export),
        _row("the list of payments, and the largest of them shown", "50 payments", 0, desk, show_payments),
    ]
    desk.close()
    return rows


def _row(what: str, much: str, count: int, desk: Desk, look: Callable[[Tx], object]) -> str:
    started = time.monotonic()
    desk.engine.act(look)
    seconds = time.monotonic() - started
    return f"| {what} | {much} | {seconds:.2f} | {f'{count / seconds:,.0f}' if count else ''} |"


def _count(tx: Tx, table: str) -> int:
    return int(tx.connection.execute(sa.text(f"SELECT count(*) FROM trueup.{table}")).scalar_one())


def _close(tx: Tx) -> None:
    looked = look_at_month(tx.connection, tx.resources.books, MONTH, tx.now, None)
    write_close_pack_pages(looked.pack)
    write_close_pack_workbook(io.BytesIO(), looked.pack)


def _try_rare(tx: Tx) -> None:
    try_reading(tx, RuleForm.PREFIX, "IPAPUS")


def _try_common(tx: Tx) -> None:
    try_reading(tx, RuleForm.CONTAINS, "0")


def try_reading(tx: Tx, form: RuleForm, pattern: str) -> None:
    """A rule of this form and pattern, on all history."""
    rule = DeductionRule("bench", 1, RuleField.REFERENCE, form, pattern, Direction.EITHER, "fee", EVER, PERSON.name)
    try_on(tx.connection, tx.resources.books.grammars.now(tx.connection), rule)


def _export(tx: Tx) -> None:
    export_journal(tx, Scope("hledger"), Ledger("USD"), PERSON, Heap())


def show_payments(tx: Tx) -> None:
    """The first page of payments, and the statement of the largest."""
    list_remittances(tx.connection, RemittanceFilter())
    largest = sa.text("SELECT id FROM trueup.remittances ORDER BY line_count DESC LIMIT 1")
    show_remittance(tx.connection, tx.connection.execute(largest).scalar_one())
