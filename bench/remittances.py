"""How fast remittances become books: files of a simulated vendor's history, from their bytes to posted entries.

Invoices first, then remittances of many payments each, on worker processes that share one PostgreSQL (commits durable). Beside it,
from the same history: (a) COPY of the same rows into bare tables, (b) a hand-written DuckDB join of lines that are parsed already,
(c) beangulp and beancount on a slice. Then one remittance of 3,000 lines, with a tenth of the history and with all of it; and
what it takes to look back: a close, a rule on trial, the journal written. The history is written and read a half month at a
time, so a million lines need no more memory than a hundred thousand.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench import bookkeeping_rivals
from bench.looking_back import look_back
from bench.orders import noise_percent, say
from bench.remittance_worker import PARTNER, Desk, Worked, in_processes
from bench.results import write_section
from bench.server_time import server_seconds
from trueup.simulation.remittances.history import EXPORTS, INVOICES, write_history
from trueup.simulation.remittances.truth import Truth
from trueup.storage.database import Database, create_database, read_url
from trueup.storage.embedded import EmbeddedServer

MONTHS = 12
_LINES_A_MONTH = 5_340
"""Of the plain history at scale 1."""
_LARGE_LINES = 3_000
_SLICE_PAYMENTS = 60
_LEDGER = 50_000
SECTION = "Remittances to posted entries"


@dataclass(frozen=True)
class Rates:
    """Lines and seconds of the whole, what its processes needed, and the processor seconds of PostgreSQL meanwhile."""

    lines: int
    seconds: float
    workers: list[Worked]
    server_seconds: float

    @property
    def rate(self) -> float:
        """Lines a second."""
        return self.lines / self.seconds

    def tenths(self) -> tuple[float, float]:
        """Microseconds of the workers' processor time a line, in the first tenth of files and in the last."""
        files = sorted(each for worker in self.workers for each in worker.files.items())
        some = max(1, len(files) // 10)
        first, last = (
            sum(seconds for _, (_, seconds) in part) / sum(lines for _, (lines, _) in part) * 1e6
            for part in (files[:some], files[-some:])
        )
        return first, last


@contextmanager
def books() -> Iterator[str]:
    """An empty set of books on a PostgreSQL as the product starts it; its URL."""
    with tempfile.TemporaryDirectory(prefix="tub-") as folder, EmbeddedServer(Path(folder)) as server:
        url = create_database(server.start(), "books")
        database = Database(read_url(url))
        database.migrate()
        database.close()
        yield url.render_as_string(hide_password=False)


def take_in(url: str, folder: Path, processes: int, turns: int) -> tuple[list[str], Rates]:
    """All invoices, a tenth of the remittances, the rest: the table's first rows, and the speed of the remittances."""
    invoices = sorted((folder / INVOICES).iterdir())
    seconds, workers = in_processes(Desk.bill, url, invoices, processes)
    count = sum(each.count for each in workers)
    rows = [f"| invoices imported | {count:,} invoices | {seconds:.1f} | {count / seconds:,.0f} |"]
    say(rows[-1])
    files = sorted((folder / EXPORTS).iterdir())
    tenth = files[: max(1, len(files) // 10)]
    before = server_seconds(url)
    first_seconds, first = in_processes(Desk.settle, url, tenth, processes)
    worked = server_seconds(url) - before
    small = large_remittances(url, folder, "A", turns)
    before = server_seconds(url)
    rest_seconds, rest = in_processes(Desk.settle, url, files[len(tenth) :], processes)
    worked += server_seconds(url) - before
    whole = Rates(sum(each.count for each in (*first, *rest)), first_seconds + rest_seconds, [*first, *rest], worked)
    rows.append(
        f"| **Trueup: file to posted entry** | {whole.lines:,} lines | {whole.seconds:.1f} | **{whole.rate:,.0f}** |"
    )
    say(rows[-1])
    desk = Desk(url)
    started = time.monotonic()
    found = desk.reconcile()
    rows.append(f"| what waits, reconciled | {sum(found.values()):,} lines | {time.monotonic() - started:.1f} | |")
    desk.close()
    large = large_remittances(url, folder, "B", turns)
    say(f"3,000 lines: {small:.2f} s with a tenth of the history, {large:.2f} s with all")
    rows.append(f"| a remittance of {_LARGE_LINES:,} lines, a tenth of the history known | | {small:.2f} | |")
    ratio = f"**{large / small:.2f}** of the time"
    rows.append(f"| the same, all of the history known ({ratio}) | | {large:.2f} | {_LARGE_LINES / large:,.0f} |")
    return rows, whole


def large_remittances(url: str, folder: Path, name: str, turns: int) -> float:
    """The median of seconds that a remittance of so many lines takes from its file to posted, its invoices known."""
    desk, taken = Desk(url), []
    for turn in range(turns):
        stem, payment = f"BIG{name}{turn}", f"9{ord(name)}{turn:06d}"
        paths = _large_files(folder, stem, payment)
        desk.bill(paths[0])
        started = time.monotonic()
        desk.settle(paths[1])
        taken.append(time.monotonic() - started)
    desk.close()
    return statistics.median(taken)


def _large_files(folder: Path, stem: str, payment: str) -> tuple[Path, Path]:
    """A file of invoices, and one of a single payment for most of them, with claims on the rest."""
    known, told = [], []
    for number in range(_LARGE_LINES * 9 // 10):
        reference = f"{stem}-{number:06d}"
        known.append(f"{reference},{PARTNER},RIVR1,2026-08-03,2026-10-02,USD,100.00,0.00,4BIGBIG1")
        told.append(f"{payment},{reference},08/03/2026,4BIGBIG1/PHX3/##NOT_AVAILABLE,100.00,USD,0.00,0.00,100.00,0.00")
    for number in range(_LARGE_LINES - len(told)):
        told.append(f"{payment},{stem}-{number:06d}SC,08/03/2026,,-10.00,USD,0.00,0.00,-10.00,0.00")
    amount = f"{len(known) * 100 - (len(told) - len(known)) * 10}.00"
    head = (
        "Payment Number,Payment Date,Invoice Currency,Amount in Invoice Currency,Payment Currency,"
        "Amount in Payment Currency,Exchange Rate,Payment Type,Payment Status,Payment Voided Reason"
    )
    columns = (
        "Payment Number,Invoice Number,Invoice Date,Description,Invoice Amount,Invoice Currency,Withholding Amount,"
        "Terms Discount Taken,Amount Paid,Remaining Amount"
    )
    invoices, export = folder / f"invoices-{stem}.csv", folder / f"Payments-{stem}.csv"
    invoices.write_text("\n".join(["number,partner,payee,issued,due,currency,total,tax,purchase_order", *known, ""]))
    paid = f"{payment},10/30/2026,USD,{amount},USD,{amount},1,EFT,Paid,"
    export.write_text("\n".join([head, paid, "Invoices", columns, *told, ""]))
    return invoices, export


def check(url: str, lines: int, truth: dict[tuple[str, str], int]) -> None:
    """Raises SystemExit when what was measured is not right: a balance that differs from the truth, or a line that is lost."""
    desk = Desk(url)
    purposes = {code: purpose.value for purpose, code in desk.world.books.chart.purposes.items()}
    query = (
        "SELECT l.account, l.currency, sum(l.minor)::bigint FROM trueup.journal_lines l JOIN trueup.journal_entries e"
        " ON e.id = l.entry_id WHERE e.key NOT LIKE '%/9________' GROUP BY 1, 2 HAVING sum(l.minor) <> 0"
    )
    with desk.database.transaction() as connection:
        has = {(purposes[row[0]], row[1]): row[2] for row in connection.execute(sa.text(query))}
    desk.close()
    wrong = {
        key: (truth.get(key, 0), has.get(key, 0)) for key in truth.keys() | has.keys() if truth.get(key) != has.get(key)
    }
    if wrong:
        raise SystemExit(f"the books of {lines} lines differ from what is true (true, posted): {wrong}")


def compare(url: str, whole: Rates, folder: Path) -> list[str]:
    """The rows of the rivals, each with Trueup's speed over it."""
    clean = bookkeeping_rivals.clean_files(url, folder)
    rows = []
    beangulp = partial(bookkeeping_rivals.import_with_beangulp, clean, _SLICE_PAYMENTS)
    for title, measure in (
        ("(a) COPY of the same rows into bare tables", partial(bookkeeping_rivals.copy_rows, url, clean)),
        ("(b) DuckDB join by hand, 2 threads, of parsed lines", partial(bookkeeping_rivals.join_in_duckdb, clean)),
        (
            f"(c) beangulp and beancount, a slice beside a ledger of {_LEDGER:,} invoices",
            partial(beangulp, beside=_LEDGER),
        ),
        ("the same beside a ledger of nothing but the invoices that it pays", partial(beangulp, beside=1)),
        ("the same without any ledger: nothing is matched, no duplicate found", partial(beangulp, beside=0)),
    ):
        before = time.process_time()
        lines, seconds = measure()
        cpu = (time.process_time() - before) / lines * 1e6
        said = f"{lines / seconds:,.0f} (Trueup: {whole.rate / (lines / seconds):.3g} x; its processor time: {cpu:,.0f} us a line)"
        rows.append(f"| {title} | {lines:,} lines | {seconds:.1f} | {said} |")
        say(rows[-1])
    return rows


_HEAD = "| what | how much | seconds | a second |\n|---|---|---|---|"


def _heading(whole: Rates, truth: Truth, processes: int) -> str:
    peak = max(each.peak_megabytes for each in whole.workers)
    cpu = sum(each.cpu_seconds for each in whole.workers) / whole.lines * 1e6
    server = whole.server_seconds / whole.lines * 1e6
    first, last = whole.tenths()
    return (
        f"{whole.lines:,} lines of {truth.payments:,} payments against {truth.invoice_count:,} invoices; {processes} worker "
        f"processes, {peak:.0f} MB at most each. Processor time a line: {cpu:.0f} us in them ({first:.0f} us in the first tenth of "
        f"the files, {last:.0f} us in the last), {server:.0f} us in PostgreSQL; on a busy machine such times can be compared, and "
        "seconds hardly. The balances agree with the history's truth to the cent. Goals: 20,000 lines a second, 20 times (c), "
        "under 1 GB, 3,000 lines within 2 s, ten times the history within 1.2 of the time, a close of a million journal lines "
        "within 10 s."
    )


def _where(noise: float) -> str:
    return (
        f"Python {platform.python_version()}, {os.cpu_count()} processors ({platform.machine()}, {platform.system()}) shared by "
        f"workers and database; load average {os.getloadavg()[1]:.1f}; the same work took up to {noise:.0f} % longer from one "
        "moment to the next."
    )


def main() -> None:
    """Measure, print, and write the section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="60,000 lines: about a minute")
    parser.add_argument("--lines", type=int, help="lines of remittances, 1,000,000 if not said")
    parser.add_argument("--processes", type=int, default=2, help="worker processes")
    parser.add_argument("--turns", type=int, default=5, help="of the remittance of 3,000 lines")
    parser.add_argument("--dry-run", action="store_true", help="print, and leave RESULTS.md as it is")
    chosen = parser.parse_args()
    lines = chosen.lines or (60_000 if chosen.quick else 1_000_000)
    noise = [noise_percent()]
    with tempfile.TemporaryDirectory(prefix="tub-") as name, books() as url:
        folder = Path(name)
        truth = write_history(folder, 1, MONTHS, Fraction(lines, MONTHS * _LINES_A_MONTH), "plain")
        say(f"history: {truth.payments:,} payments of {truth.told_lines:,} lines, {truth.invoice_count:,} invoices")
        rows, whole = take_in(url, folder, chosen.processes, chosen.turns)
        if whole.lines != truth.told_lines:
            raise SystemExit(f"{truth.told_lines} lines were told, {whole.lines} taken in")
        check(url, whole.lines, truth.totals())
        rows += look_back(url)
        rows += compare(url, whole, folder)
    noise.append(noise_percent())
    text = "\n".join([_heading(whole, truth, chosen.processes), "", _HEAD, *rows, "", _where(max(noise))])
    print(text)
    if not chosen.dry_run:
        write_section(SECTION, text)


if __name__ == "__main__":
    main()
