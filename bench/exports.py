"""What it takes to give a whole list away as a file: a catalogue of 100,000 products, and 10,000 orders, in time and in memory.

Each file is written in a process of its own, that has done nothing before, to a place that keeps nothing; its memory is what the
process grew by. Beside each stands the bare limit: psycopg's COPY of the same rows to CSV, and how many times as long ours takes.
They take turns, and each figure is the median of its turns.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import re
import resource
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from io import RawIOBase
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench.results import write_section
from bench.stage import server
from trueup.formats.item_master import item_master_parts
from trueup.formats.tabular import sheet_parts
from trueup.reports.item_sheet import write_item_sheet
from trueup.storage.database import Database, create_database
from trueup.storage.views.order_pages import OrderFilter, walk_orders
from trueup.storage.views.products import walk_items
from trueup.workflows.written_lists import ORDER_COLUMNS

SECTION = "Lists as files"
AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
_FILL = """
INSERT INTO trueup.products (sku, title, case_size, gtin, circular, obsolete, updated_at, evidence)
SELECT 'SKU-' || lpad(n::text, 7, '0'), 'A thing of some kind, number ' || n, 6, lpad(n::text, 13, '0'), false, false, now(),
    repeat('0', 64) FROM generate_series(1, :products) AS n;
INSERT INTO trueup.listings (vendor_code, sku, asin, cost, currency, updated_at, evidence)
SELECT 'NORDA', 'SKU-' || lpad(n::text, 7, '0'), 'B' || lpad(n::text, 9, '0'), 12.50, 'USD', now(), repeat('0', 64)
FROM generate_series(1, :products) AS n;
INSERT INTO trueup.orders (partner, number, vendor_code, state, revision, ordered_at, first_seen_at, answer_due_at, history, again,
    runs)
SELECT 'amazon-us', 'PO' || lpad(n::text, 8, '0'), 'NORDA', 'open', 1, now() - n * interval '1 minute', now(),
    now() + interval '1 day', false, false, 0 FROM generate_series(1, :orders) AS n;
INSERT INTO trueup.deliveries (key, kind, order_id, revision, channel, state, digest, due_at, prepared_at, attempt, receipt, proof,
    unheld, answer)
SELECT 'delivery ' || id, 'acknowledgement', id, 1, 'amazon', 'accepted', repeat('0', 64), now(), now(), 1, '', '', '{}', '{}'
FROM trueup.orders
"""
_PRODUCTS = (
    "COPY (SELECT * FROM trueup.products p LEFT JOIN trueup.listings l ON l.sku = p.sku ORDER BY p.sku)"
    " TO STDOUT (FORMAT csv)"
)
_ORDERS = (
    "COPY (SELECT o.*, (SELECT d.state FROM trueup.deliveries d WHERE d.order_id = o.id AND d.kind = 'acknowledgement'"
    " ORDER BY d.id DESC LIMIT 1), (SELECT count(*) FROM trueup.cases c WHERE c.order_id = o.id AND c.state = 'open')"
    " FROM trueup.orders o ORDER BY o.id DESC) TO STDOUT (FORMAT csv)"
)


class _Counted(RawIOBase):
    """A place that keeps nothing but how much was written to it."""

    def __init__(self) -> None:
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, part: Any, /) -> int:
        self.size += len(part)
        return len(part)


def _copied(query: str) -> Callable[[sa.Connection], int]:
    def copy(connection: sa.Connection) -> int:
        cursor: Any = connection.connection.cursor()
        with cursor.copy(query) as rows:
            return sum(len(part) for part in rows)

    return copy


def _sum(parts: Iterable[bytes]) -> int:
    return sum(len(part) for part in parts)


def _as_csv(connection: sa.Connection) -> int:
    return _sum(item_master_parts(walk_items(connection)))


def _as_workbook(connection: sa.Connection) -> int:
    out: Any = _Counted()
    write_item_sheet(out, walk_items(connection), AT)
    return int(out.size)


def _orders(connection: sa.Connection) -> int:
    rows = walk_orders(connection, OrderFilter())
    return _sum(sheet_parts(ORDER_COLUMNS, ([row[name] for name in ORDER_COLUMNS] for row in rows)))


_BARE = "bare"
FILES: dict[str, tuple[str, Callable[[sa.Connection], int]]] = {
    f"{_BARE}: COPY of products and listings": ("products", _copied(_PRODUCTS)),
    "the item master as CSV": ("products", _as_csv),
    "the item master as a workbook": ("products", _as_workbook),
    f"{_BARE}: COPY of orders with their answers": ("orders", _copied(_ORDERS)),
    "orders as CSV": ("orders", _orders),
}


def _write(url: str, what: str, told: Any) -> None:
    """One file, in a process of its own: seconds, processor seconds, megabytes that it grew by, bytes of the file."""
    database = Database(url)
    with database.engine.connect() as connection:
        connection.execute(sa.text("SELECT 1"))
        before, wall, processor = _begin(), time.monotonic(), time.process_time()
        size = FILES[what][1](connection)
        seconds, busy = time.monotonic() - wall, time.process_time() - processor
    told.put((seconds, busy, _peak_mb() - before, size))
    database.close()


def _begin() -> float:
    """Forget the peak so far, where the system can (Linux); else begin at it."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _peak_mb()


def _peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.findall(r"VmHWM:\s+(\d+)", status.read_text())[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def measure(url: str, counts: dict[str, int]) -> list[str]:
    """Every row of the table, by turns."""
    took: dict[str, list[tuple[float, float, float, int]]] = {what: [] for what in FILES}
    processes = multiprocessing.get_context("spawn")
    for turn in range(counts["turns"]):
        for what in FILES:
            told: Any = processes.Queue()
            process = processes.Process(target=_write, args=(url, what, told))
            process.start()
            took[what].append(told.get())
            process.join()
            print(f"turn {turn + 1}: {what}: {took[what][-1][0]:.2f} s", flush=True)
    bare = {of: median(each[0] for each in took[what]) for what, (of, _) in FILES.items() if what.startswith(_BARE)}
    found = []
    for what, (of, _) in FILES.items():
        seconds, busy, grown, size = (median(column) for column in zip(*took[what], strict=True))
        rate, ratio = f"{counts[of] / seconds:,.0f}", f"**{seconds / bare[of]:.1f}**"
        found.append(
            f"| {what} | {counts[of]:,} | {seconds:.2f} | {rate} | {ratio} | {busy:.2f} | {grown:.0f} | {size / 1e6:.1f} |"
        )
    return found


def main() -> None:
    """Measure, print, and write the section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=100_000, help="products, each with a listing")
    parser.add_argument("--orders", type=int, default=10_000, help="orders, each with an answer")
    parser.add_argument("--turns", type=int, default=5, help="how often each is written")
    parser.add_argument("--dry-run", action="store_true", help="print, and leave RESULTS.md as it is")
    chosen = parser.parse_args()
    counts = {"products": chosen.products, "orders": chosen.orders, "turns": chosen.turns}
    with server() as server_url:
        url = create_database(server_url, "exports")
        database = Database(url)
        database.migrate()
        with database.engine.begin() as connection:
            for query in _FILL.split(";"):
                connection.execute(sa.text(query), counts)
        with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
        rows = measure(url.render_as_string(hide_password=False), counts)
        database.close()
    table = "\n".join(
        [
            "| file | rows | s | rows/s | times the bare COPY | of it in Trueup, s | memory, MB | file, MB |",
            "|---|---|---|---|---|---|---|---|",
            *rows,
        ]
    )
    where = (
        f"Medians of {chosen.turns} turns. Each is written by a fresh process, and memory is what that grew by at most. "
        f"Python {platform.python_version()}, {os.cpu_count()} processors ({platform.machine()}, {platform.system()}) shared with"
        f" the database; load average {os.getloadavg()[1]:.1f}."
    )
    print(where)
    if not chosen.dry_run:
        write_section(SECTION, f"{table}\n\n{where}")


if __name__ == "__main__":
    main()
