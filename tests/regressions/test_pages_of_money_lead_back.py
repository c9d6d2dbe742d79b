"""Lists of payments and entries went forward alone: who had turned a page could not turn back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import pairwise

from tests.workflows.bookkeeping import Bookkeeping, line, payment
from trueup.storage.database import Database
from trueup.storage.views.journal import EntryFilter, page_entries
from trueup.storage.views.paging import Paged
from trueup.storage.views.remittances import RemittanceFilter, page_remittances


def test_who_turned_a_page_turns_back_to_the_same_rows(database: Database) -> None:
    """Forward to the end and back to the beginning shows every row once each way, in one order."""
    books = Bookkeeping(database)
    for number in range(5):
        paid_on = date(2026, 10, 2 + number // 2)
        books.take_in(payment(f"P{number}", line(f"QQX7{number}-1", -10_00), paid_on=paid_on))
    with database.transaction() as connection:
        _turn(lambda at: page_remittances(connection, RemittanceFilter(), at, 2))
        _turn(lambda at: page_entries(connection, EntryFilter(), at, 2))


def _turn(page_at: Callable[[str], Paged]) -> None:
    pages = [page_at("")]
    while pages[-1].after:
        pages.append(page_at(pages[-1].after))
    seen = [row["id"] for page in pages for row in page.rows]
    assert len(seen) == len(set(seen)) == 5
    assert not pages[0].before
    for before, after in pairwise(pages):
        assert [row["id"] for row in page_at(after.before).rows] == [row["id"] for row in before.rows]
