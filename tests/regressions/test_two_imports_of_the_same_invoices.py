"""The same file of invoices is handed in twice at once, by two people."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tests.workflows.bookkeeping import FINA, PARTNER, Bookkeeping
from trueup.storage.database import Database
from trueup.workflows.import_invoices import ImportedInvoices, import_invoices

INVOICES = 300
HEAD = "number,partner,payee,issued,due,currency,total,tax,purchase_order"


def test_the_second_waits_and_finds_them_known(database: Database) -> None:
    """Every invoice is new to one of them and known to the other, and neither fails; in opposite order, too."""
    rows = [f"TWICE-{number},{PARTNER},NORDA,2026-09-01,2026-10-01,USD,10.00,0.00," for number in range(INVOICES)]
    start = Barrier(2, timeout=20)

    def hand_in(lines: list[str]) -> ImportedInvoices:
        books = Bookkeeping(database)
        start.wait()
        return books.act(import_invoices, "\n".join([HEAD, *lines]).encode(), FINA)

    with ThreadPoolExecutor(2) as pool:
        done = [each.result(timeout=60) for each in [pool.submit(hand_in, rows), pool.submit(hand_in, rows[::-1])]]
    assert sorted((each.new, each.same, each.different) for each in done) == [(0, INVOICES, 0), (INVOICES, 0, 0)]
