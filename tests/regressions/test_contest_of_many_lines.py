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
    books.check()


def test_what_a_choice_does_not_explain_keeps_its_case(database: Database) -> None:
    """The other lines of the contest waited under a case that was resolved, until somebody reconciled again."""
    books = Bookkeeping(database)
    contested(books, "P1", 4, 111_11)
    open_case = "SELECT id FROM trueup.cases WHERE kind = 'remittance.contested' AND state = 'open'"
    waiting = "SELECT count(*) FROM trueup.suspense WHERE kind = 'remittance.contested'"
    for left in (3, 2):
        ((case,),) = books.rows(open_case)
        books.act(choose_rival, int(case), 1, FINA)
        books.check()
        assert books.rows(waiting) == [(left,)]
        due = books.rows("SELECT flow FROM durable.timers WHERE run_id LIKE 'reconcile:%chosen%'")
        assert ("reconcile_remittances",) in due
        books.reconcile()
        books.check()
