"""Two files count the same products in opposite order at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import sqlalchemy as sa

from trueup.base.clock import ManualClock
from trueup.storage import stock
from trueup.storage.database import Database

NO_EVIDENCE = "0" * 64
SKUS = [f"{letter}{number:03d}" for number in range(120) for letter in "aB"]
"""As Python sorts them, and not as most databases would."""


def test_counts_and_orders_wait_for_each_other_and_never_in_a_circle(database: Database, clock: ManualClock) -> None:
    """Each takes the products' rows in the one order, whatever the order in the file: no deadlock, both are done."""
    start = Barrier(3, timeout=20)
    rows = [(sku, "main", 1) for sku in SKUS]

    def declare(counts: list[tuple[str, str, int]]) -> None:
        for _ in range(5):
            start.wait()
            with database.transaction() as connection:
                stock.declare_count(connection, counts, NO_EVIDENCE, clock.now())

    def decide() -> None:
        for _ in range(5):
            start.wait()
            with database.transaction() as connection:
                stock.lock_stock(connection, SKUS, "main")

    with ThreadPoolExecutor(3) as pool:
        done = [pool.submit(declare, rows), pool.submit(declare, rows[::-1]), pool.submit(decide)]
        for each in done:
            each.result(timeout=60)
    with database.transaction() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(stock.stock)).scalar_one() == len(SKUS)
