"""Regression: each line of a contest kept all of its rivals, so that what reconciling wrote grew with the square of the lines."""

from __future__ import annotations

from tests.workflows.bookkeeping import FINA, Bookkeeping, invoice, line, payment
from trueup.storage.database import Database
from trueup.storage.views.rivals import list_rivals
from trueup.workflows.answer_suspense import choose_rival

KEPT = "SELECT coalesce(sum(jsonb_array_length(body -> 'rivals')), 0) FROM trueup.line_answers WHERE kind = 'contest'"
CONTEST = "SELECT kind, subject FROM trueup.cases WHERE state = 'open' AND kind = 'remittance.contested'"


def contested(books: Bookkeeping, payment_number: str, count: int, cents: int) -> int:
    """Lines that name nothing, as many invoices of their amount: how many rivals are kept with them."""
    before = int(books.rows(KEPT)[0][0])
    books.bill(*(invoice(f"{payment_number}-{number:04d}", cents) for number in range(count)))
    lines = (line(f"NOTHING{number}", cents, description="4QXYZ12/PHX3/x") for number in range(count))
    books.take_in(payment(payment_number, *lines))
    books.reconcile()
    return int(books.rows(KEPT)[0][0]) - before


def test_a_contest_of_twice_the_lines_keeps_twice_the_rivals(database: Database) -> None:
    """And the case still shows them all, and takes a choice."""
    books = Bookkeeping(database)
    few = contested(books, "P1", 8, 111_11)
    many = contested(books, "P2", 16, 222_22)
    assert 0 < many <= 2 * few + 16
    for kind, subject in books.rows(CONTEST):
        with database.transaction() as connection:
            shown = list_rivals(connection, kind, subject)
        assert [each["choice"] for each in shown] == list(range(1, len(shown) + 1)) and len(shown) > 8
    case = int(
        books.rows("SELECT min(id) FROM trueup.cases WHERE state = 'open' AND kind = 'remittance.contested'")[0][0]
    )
    assert books.act(choose_rival, case, 1, FINA).lines == 1
    books.reconcile()
    books.check()
