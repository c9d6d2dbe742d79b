"""How long it takes to look back at a book of a million journal lines: what finance does at the end of a month, and of a year.

The book is loaded, not settled (see `big_book`): a year of payments goes the whole path, then its rows are copied under numbers
of their own. Each figure stands beside the bare limit: the database alone reading or summing the same rows.
"""

from __future__ import annotations

import argparse
import io
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench.big_book import load_book
from bench.looking_back import MONTH, Heap, show_payments, try_reading
from bench.orders import noise_percent, say
from bench.remittance_worker import PERSON, Desk
from bench.remittances import books
from bench.results import write_section
from trueup.domain.deduction_rules import RuleForm
from trueup.domain.profit import allocate, by_sku, parts_of
from trueup.reports.close_pack import write_close_pack_pages, write_close_pack_workbook
from trueup.simulation.remittances.causes import MARKETS
from trueup.storage.exports import Scope
from trueup.storage.views import profit
from trueup.workflows.close_month import Looked, look_at_month
from trueup.workflows.dispute_claim import disputable_types
from trueup.workflows.export_journal import Ledger, export_journal
from trueup.workflows.rank_claims import rank_claims
from trueup.workflows.world import Tx

SECTION = "A month's close over a million journal lines"
LINES_OF_PAYMENTS = 910_000
"""They make a million lines of the journal."""
YEAR = date(2025, 11, 1), MONTH.last
LEDGER = Ledger("USD", rates=dict.fromkeys(("CAD", "EUR", "GBP", "INR"), Decimal("1.1")))
TARGETS = ("hledger", "beancount", "csv", "netsuite")
_SUM = "SELECT account, currency, sum(minor) FROM trueup.journal_lines GROUP BY 1, 2"
_JOURNAL = (
    "COPY (SELECT e.key, e.day, e.narration, e.evidence, l.* FROM trueup.journal_entries e JOIN trueup.journal_lines l"
    " ON l.entry_id = e.id ORDER BY e.day, e.id, l.number) TO STDOUT"
)
_HISTORY = (
    "COPY (SELECT r.partner, r.payee, r.paid_on, l.* FROM trueup.remittances r JOIN trueup.remittance_lines l"
    " ON l.remittance_id = r.id AND l.source = r.source) TO STDOUT"
)
_CLAIMS = "COPY (SELECT * FROM trueup.claims WHERE taken_minor <> given_minor + lost_minor) TO STDOUT"
_INVOICES = "COPY (SELECT partner, payee, currency, total_minor, lines FROM trueup.invoices) TO STDOUT"


class Table:
    """The rows of the section: what, of how much, seconds, how many a second, processor seconds in Trueup; and bare limits."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.rows: list[str] = []

    def time(self, what: str, count: int, unit: str, look: Callable[[Tx], object], *, counted: bool = True) -> object:
        """Do it once, in a transaction of its own that keeps nothing."""
        wall, processor = time.monotonic(), time.process_time()
        found: list[object] = []

        def once(tx: Tx) -> None:
            found.append(look(tx))
            raise _Undone

        with suppress(_Undone):
            self.desk.engine.act(once)
        seconds, processor = time.monotonic() - wall, time.process_time() - processor
        rate = f"{count / seconds:,.0f}" if counted else ""
        self.rows.append(f"| {what} | {count:,} {unit} | {seconds:.2f} | {rate} | {processor:.2f} |")
        say(self.rows[-1])
        return found[0]


class _Undone(Exception):
    """The transaction of a measurement ends: what was measured is not kept."""


def measure(desk: Desk, counts: dict[str, int]) -> list[str]:
    """Every row of the table."""
    table = Table(desk)
    booked, told = counts["journal_lines"], counts["remittance_lines"]
    table.time("bare: the journal summed by account in SQL", booked, "journal lines", lambda tx: _read(tx, _SUM))
    looked = table.time(f"the close of {MONTH}: figures and checklist", booked, "journal lines", _look)
    assert isinstance(looked, Looked)
    pack = looked.pack
    items = len(pack.figures.claims) + len(pack.figures.waiting) + len(pack.figures.open_provisions)
    table.time("its PDF", items, "open items", lambda tx: write_close_pack_pages(pack), counted=False)
    table.time(
        "its workbook", items, "open items", lambda tx: write_close_pack_workbook(io.BytesIO(), pack), counted=False
    )
    table.time(f"**the close of {MONTH}, all of it**", booked, "journal lines", _close)
    table.time("bare: COPY of all lines of payments", told, "lines", lambda tx: _copy(tx, _HISTORY))
    table.time(
        "a rule that reads one line in many, tried",
        told,
        "lines",
        lambda tx: try_reading(tx, RuleForm.PREFIX, "IPAPUS"),
    )
    table.time(
        "a rule that reads nearly every line, tried", told, "lines", lambda tx: try_reading(tx, RuleForm.CONTAINS, "0")
    )
    table.time("bare: COPY of the journal in order", booked, "journal lines", lambda tx: _copy(tx, _JOURNAL))
    for target in TARGETS:
        table.time(f"the journal written for {target}", booked, "journal lines", partial(_export, target))
    table.time(
        "the list of payments, and the largest shown", counts["remittances"], "payments", show_payments, counted=False
    )
    table.time("bare: COPY of open claims", counts["claims"], "claims", lambda tx: _copy(tx, _CLAIMS), counted=False)
    table.time("what can be disputed, ranked", counts["claims"], "claims", _rank, counted=False)
    table.time(
        "bare: COPY of invoices with their lines", counts["invoices"], "invoices", lambda tx: _copy(tx, _INVOICES)
    )
    table.time("profit of the year by SKU", counts["invoices"], "invoices", _profit)
    return table.rows


def _read(tx: Tx, query: str) -> int:
    return len(tx.connection.execute(sa.text(query)).all())


def _copy(tx: Tx, command: str) -> int:
    """Bytes that COPY brings to this process: what any program that reads the rows waits for at least."""
    cursor = tx.connection.connection.cursor()
    with cursor.copy(command) as pieces:
        return sum(len(piece) for piece in pieces)


def _look(tx: Tx) -> Looked:
    return look_at_month(tx.connection, tx.resources.books, MONTH, tx.now, None)


def _close(tx: Tx) -> None:
    pack = _look(tx).pack
    write_close_pack_pages(pack)
    write_close_pack_workbook(io.BytesIO(), pack)


def _export(target: str, tx: Tx) -> None:
    export_journal(tx, Scope(target), LEDGER, PERSON, Heap())


def _rank(tx: Tx) -> int:
    return len(rank_claims(tx.connection, disputable_types(tx.resources.books), MONTH.last))


def _profit(tx: Tx) -> int:
    sold = profit.load_sold(tx.connection, *YEAR)
    taken = profit.load_taken(tx.connection, *YEAR, parts_of(tx.resources.books.chart))
    return len(by_sku(allocate(sold, taken, {})))


_HEAD = "| what | how much | seconds | a second | processor seconds of Trueup |\n|---|---|---|---|---|"


def _told(counts: dict[str, int], loaded: float, peak: float) -> str:
    listed = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if name != "copies")
    return (
        f"The book was loaded, not settled: a year of payments that went the whole path, copied {counts['copies']} times in the "
        f"database ({loaded:.0f} s): {listed}. One process, {peak:.0f} MB at most. What PostgreSQL takes is counted in seconds "
        "alone. Goals: a close within 10 s; a rule that reads a million lines in well under a minute; 50,000 lines of the "
        "journal written a second."
    )


def main() -> None:
    """Measure, print, and write the section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=LINES_OF_PAYMENTS, help="lines of payments in the book, about")
    parser.add_argument("--quick", action="store_true", help="a fiftieth of it")
    parser.add_argument("--dry-run", action="store_true", help="print, and leave RESULTS.md as it is")
    chosen = parser.parse_args()
    noise = [noise_percent()]
    with tempfile.TemporaryDirectory(prefix="tub-") as name, books() as url:
        started = time.monotonic()
        counts = load_book(url, Path(name), chosen.lines // 50 if chosen.quick else chosen.lines)
        loaded = time.monotonic() - started
        say(f"loaded in {loaded:.0f} s: {counts}")
        desk = Desk(url, tuple(market.partner for market in MARKETS))
        rows = measure(desk, counts)
        desk.close()
    noise.append(noise_percent())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    where = (
        f"Python {platform.python_version()}, {os.cpu_count()} processors ({platform.machine()}, {platform.system()}) shared with "
        f"the database; load average {os.getloadavg()[1]:.1f}; the same work took up to {max(noise):.0f} % longer from one moment "
        "to the next."
    )
    text = "\n".join([_told(counts, loaded, peak), "", _HEAD, *rows, "", where])
    print(text)
    if not chosen.dry_run:
        write_section(SECTION, text)


if __name__ == "__main__":
    main()
