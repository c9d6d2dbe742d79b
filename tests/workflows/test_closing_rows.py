"""Each number of a close leads to the lines or the invoices that come to it, to the cent, before and after the month is locked."""

from __future__ import annotations

from datetime import date

import pytest

from tests.workflows.bookkeeping import FINA, Bookkeeping, invoice, line, payment
from tests.workflows.test_closing_months import NOVEMBER, OCTOBER, a_month, close, pack_of
from trueup.base.money import Money
from trueup.domain.closing import ClosePack, Month
from trueup.domain.closing_rows import JournalRows
from trueup.reports.close_tables import TABLES, Table
from trueup.storage.database import Database
from trueup.workflows.close_month import prepare_pack, rows_behind
from trueup.workflows.world import Tx
from trueup.workflows.write_off import write_off_claim


@pytest.fixture
def books(database: Database) -> Bookkeeping:
    """Two months: October with all that a month can have, a claim partly given up in November, an invoice known late."""
    books = Bookkeeping(database)
    a_month(books)
    return books


def leading(books: Bookkeeping, month: Month) -> dict[str, int]:
    """Of each table how many of its numbers lead to rows; fails for one that its rows do not come to."""

    def walk(tx: Tx) -> dict[str, int]:
        known = rows_behind(tx.connection, tx.resources.books, month, tx.now).scope.known_at
        pack = prepare_pack(tx.connection, tx.resources.books, month, known)
        return {table.name: _walk_table(tx, pack, table) for table in TABLES if table.behind}

    return {name: count for name, count in books.act(walk).items() if count}


def _walk_table(tx: Tx, pack: ClosePack, table: Table) -> int:
    sums, count = rows_behind(tx.connection, tx.resources.books, pack.of, tx.now), 0
    assert table.behind
    for each in table.listed(pack):
        cells, behind = table.cells(pack, each), table.behind(pack, each)
        for cell, rows in zip(cells, behind, strict=True):
            if rows is None:
                continue
            if isinstance(rows, JournalRows):
                (minor, found), listed = sums.sum_lines(rows), sums.page_lines(rows).rows
                sign = -1 if rows.turned else 1
            else:
                (minor, found), listed, sign = sums.sum_invoices(rows), sums.page_invoices(rows).rows, 1
            assert (minor == cell.minor) if isinstance(cell, Money) else (found == cell), (table, cells, cell, rows)
            assert (sign * sum(row["minor"] for row in listed), len(listed)) == (minor, found), rows
            count += 1
    return count


def test_each_number_of_a_close_is_the_sum_of_the_rows_that_it_leads_to(books: Bookkeeping) -> None:
    """Of an open month, and of the next with a claim that was given up and is paid back all the same, and an invoice known late."""
    found = leading(books, OCTOBER)
    assert found["trial-balance"] >= 20 and found["aged-receivables"] == found["receivables-rolled-forward"] + 1 == 6
    expected = {"received", "settled", "deducted-by-type", "claims-in-dispute", "open-claims", "suspense", "provisions"}
    expected |= {"waiting-for-an-explanation", "open-provisions", "deductions-without-a-copy"}
    assert expected <= found.keys(), found
    close(books)
    books.bill(invoice("INV-5", 40_00, issued_on=date(2026, 10, 28)))
    books.act(write_off_claim, books.case("claim.shortage"), FINA, note="too late to dispute")
    books.take_in(
        payment("P3", line("INV-2", 50_00), line("INV-1SCR", 5_00), line("INV-3SC", -3_00), paid_on=date(2026, 11, 3))
    )
    claims = {each.claim: each.minor for each in pack_of(books, NOVEMBER).figures.claims}
    assert claims == {"shortage/INV1": -5_00, "shortage/INV3": 3_00}, "taken 30, given back 15, given up 20"
    after = leading(books, NOVEMBER)
    assert after["claims-in-dispute"] >= 6 and after["receivables-rolled-forward"] >= 5
    assert leading(books, OCTOBER) == found, "a closed month leads where it led"
