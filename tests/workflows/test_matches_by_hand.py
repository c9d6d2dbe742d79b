"""Lines matched by a person, split, left open in part, and undone: the books follow, and every cent is where one finds it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tests.workflows.bookkeeping import FINA, Bookkeeping, invoice, line, payment
from trueup.base.errors import Conflict, Invalid, NotFound, Refused
from trueup.base.money import Money
from trueup.domain.cases import Resolution, Role
from trueup.domain.chart import Purpose
from trueup.domain.settlement import TO_CHECK, UNMATCHED
from trueup.storage.database import Database
from trueup.storage.views.match_desk import candidates_for, list_desk_lines
from trueup.workflows.answer_suspense import choose_rival, classify_case
from trueup.workflows.approve_proposal import approve_proposal
from trueup.workflows.code_lines import Coding, code_lines
from trueup.workflows.limit_codings import classify_within, code_within
from trueup.workflows.match_lines import HandMatch, Share, match_by_hand
from trueup.workflows.resolve_case import Person, resolve_case
from trueup.workflows.undo_match import undo_match

BO = Person("Bo", frozenset({Role.FINANCE}))
UNKNOWN = "remittance.unknown-invoice"


@pytest.fixture
def books(database: Database) -> Bookkeeping:
    """Empty books."""
    return Bookkeeping(database)


def _remittance(books: Bookkeeping, number: str = "P1") -> int:
    [(found,)] = books.rows("SELECT id FROM trueup.remittances WHERE payment = :number", number=number)
    return int(found)


def _item(books: Bookkeeping, number: str) -> str:
    [(found,)] = books.rows("SELECT id FROM trueup.invoices WHERE number = :number", number=number)
    return f"invoice {found}"


def _open(books: Bookkeeping) -> dict[str, int]:
    query = "SELECT i.number, o.minor FROM trueup.open_invoices o JOIN trueup.invoices i ON i.id = o.invoice_id"
    return {number: int(minor) for number, minor in books.rows(query)}


def _entries(books: Bookkeeping) -> list[Any]:
    return list(books.rows("SELECT day, kind, narration, actor FROM trueup.journal_entries ORDER BY id"))


def test_a_line_is_split_over_items_and_accounts_and_the_rest_stays_open_to_check(books: Bookkeeping) -> None:
    """One line settles one invoice whole, another in part and a fee; the rest waits in a case of its own until it is said to be
    something. Nothing that does not add up, is not open, or names nothing is taken."""
    books.bill(invoice("INV-1", 100_00), invoice("INV-2", 50_00))
    books.take_in(payment("P1", line("QQX 77 WHAT", 130_00)))
    case, at = books.case(UNKNOWN), (_remittance(books), 1)
    first, second = _item(books, "INV-1"), _item(books, "INV-2")
    shares = (Share(100_00, first), Share(35_00, second), Share(-8_00, type="co-op"))
    wanted = HandMatch(case, *at, shares)
    with pytest.raises(Refused, match=r"3\.00 USD of 130\.00 USD are not said"):
        books.act(match_by_hand, wanted, FINA)
    with pytest.raises(Refused, match="say why"):
        books.act(match_by_hand, replace(wanted, leave_rest=True), FINA)
    with pytest.raises(Refused, match=r"50\.00 USD are open"):
        books.act(match_by_hand, replace(wanted, shares=(Share(130_00, second),)), FINA)
    with pytest.raises(NotFound):
        books.act(match_by_hand, replace(wanted, shares=(Share(130_00, "invoice 999"),)), FINA)
    with pytest.raises(Invalid, match="twice"):
        books.act(match_by_hand, replace(wanted, shares=(Share(65_00, first), Share(65_00, first))), FINA)
    with pytest.raises(Refused, match="may not do this"):
        books.act(match_by_hand, wanted, Person("Olga", frozenset({Role.OPERATIONS})))
    done = books.act(match_by_hand, replace(wanted, leave_rest=True, note="the buyer looks for the rest"), FINA)
    assert (done.amount, done.left) == (Money(127_00, "USD"), 0)
    assert _open(books) == {"INV-2": 15_00}
    assert books.balance(Purpose.SUSPENSE) == -3_00
    books.check()
    with pytest.raises(Conflict):
        books.act(match_by_hand, replace(wanted, leave_rest=True, note="again"), FINA)
    rest = books.case(TO_CHECK)
    books.act(match_by_hand, HandMatch(rest, *at, (Share(1_00, second),), True, "a cent is a cent"), FINA)
    books.act(classify_case, books.case(TO_CHECK), "co-op", FINA)
    assert (_open(books), books.balance(Purpose.SUSPENSE)) == ({"INV-2": 14_00}, 0)
    assert not books.open_cases()
    books.check()


def test_without_words_what_is_open_by_the_amount_is_suggested_also_a_claim(books: Bookkeeping) -> None:
    """However many other items are open: those of another amount are not in its way, and none of them is suggested."""
    books.bill(*(invoice(f"INV-{number}", 100_00 + number) for number in range(8)))
    books.take_in(payment("P1", line("INV-1", 100_01), line("INV-1SC", -30_00)))
    books.take_in(payment("P2", line("QQX 77 WHAT", 30_00)))
    with books.database.transaction() as connection:
        [(subject,)] = books.rows("SELECT subject FROM trueup.cases WHERE kind = :kind", kind=UNKNOWN)
        [waits] = list_desk_lines(connection, UNKNOWN, subject)
        [claim] = candidates_for(connection, waits, ())
        [found] = candidates_for(connection, waits, (), "INV-7")
    assert (claim["key"].partition(" ")[0], claim["open"], found["called"]) == ("claim", "30.00 USD", "invoice INV-7")


def test_an_automatic_match_is_undone_and_says_what_it_was(books: Bookkeeping) -> None:
    """A reversing entry and a case; the machine does not match it again by itself, but proposes it to who answers."""
    books.bill(invoice("INV-10O1", 100_00))
    books.take_in(payment("P1", line("INV-1001", 100_00)))
    books.reconcile()
    assert not _open(books)
    posted = len(_entries(books))
    at = _remittance(books), 1
    with pytest.raises(Invalid, match="say why"):
        books.act(undo_match, *at, FINA, "")
    done = books.act(undo_match, *at, FINA, "it is for the other shop")
    assert (done.lines, done.amount, done.case) == (1, Money(100_00, "USD"), books.case(UNMATCHED))
    assert _open(books) == {"INV-10O1": 100_00}
    assert _entries(books)[posted:] == [
        (
            date(2026, 10, 2),
            "correction",
            "Match of payment amazon-us/P1 line 1 undone by Fina: it is for the other shop",
            "Fina",
        )
    ]
    books.check()
    books.reconcile()
    assert _open(books) == {"INV-10O1": 100_00}, "the machine matched again what a person had taken apart"
    query = "SELECT kind, chosen_by, undone_by, reason, placements -> 0 ->> 'minor' FROM trueup.undone_matches"
    assert books.rows(query) == [("match", "trueup", "Fina", "it is for the other shop", "-10000")]
    with pytest.raises(Refused, match="already"):
        books.act(undo_match, *at, FINA, "once more")
    books.act(choose_rival, done.case, 1, FINA)
    assert not _open(books) and not books.open_cases()
    books.check()
    again = books.act(undo_match, *at, FINA, "no, it was not").case
    books.act(resolve_case, again, Resolution.RETRY, FINA, "let it be matched by rule")
    books.reconcile()
    assert not _open(books) and len(books.rows("SELECT 1 FROM trueup.undone_matches")) == 2
    books.check()


def test_lines_that_were_matched_as_one_are_undone_as_one(books: Bookkeeping) -> None:
    """Two lines that cancel each other meet on the clearing account: to take one of them away alone would leave it there."""
    books.take_in(payment("P1", line("QQX 1", 40_00)), payment("P2", line("QQX 1", -40_00)))
    books.reconcile()
    cleared = books.balance(Purpose.SUSPENSE) == 0 and not books.open_cases()
    assert cleared, books.open_cases()
    done = books.act(undo_match, _remittance(books, "P2"), 1, FINA, "they are two things")
    assert (done.lines, done.payments) == (2, 2)
    assert books.balance(Purpose.CLEARING) == 0
    assert sorted(kind for kind, *_ in books.open_cases()) == [UNMATCHED, UNMATCHED]
    books.check()


def test_what_the_line_itself_says_is_undone_beside_its_discount(books: Bookkeeping) -> None:
    """An exact reference posts at once; undone, the discount of the line's own column stays. In a closed month nothing moves."""
    books.bill(invoice("INV-1", 100_00))
    books.take_in(payment("P1", line("INV-1", 98_00, discount=2_00)))
    books.act(_shut)
    done = books.act(undo_match, _remittance(books), 1, FINA, "paid twice")
    assert done.amount == Money(100_00, "USD")
    assert (books.balance(Purpose.SUSPENSE), books.balance(Purpose.DISCOUNTS)) == (-100_00, 2_00)
    assert _entries(books)[-1][0] == date(2026, 11, 2)
    books.check()


def _shut(tx: Any) -> None:
    tx.connection.exec_driver_sql(
        "INSERT INTO trueup.closed_months (month, closed_by, approved_by, closed_at, evidence)"
        " VALUES ('2026-10-01', 'a', 'b', now(), repeat('0', 64))"
    )


def test_above_the_limit_two_persons_undo(books: Bookkeeping) -> None:
    """The proposer is refused; the second person carries it out; both names stay beside what it was."""
    books.bill(invoice("INV-1", 100_00))
    books.take_in(payment("P1", line("INV-1", 100_00)))
    limit = Money(50_00, "USD")
    asked = books.act(undo_match, _remittance(books), 1, FINA, "paid twice", limit)
    assert asked.case is None and asked.proposal is not None and not _open(books)
    with pytest.raises(Refused, match="second person"):
        books.act(approve_proposal, asked.proposal, FINA)
    books.act(approve_proposal, asked.proposal, BO)
    assert _open(books) == {"INV-1": 100_00}
    assert books.rows("SELECT undone_by, approved_by FROM trueup.undone_matches") == [("Fina", "Bo")]
    books.check()


def test_lines_that_cancel_each_other_take_two_persons_by_what_each_of_them_is(books: Bookkeeping) -> None:
    """Their sum is nothing; what is taken apart is not."""
    books.take_in(payment("P1", line("QQX 1", 40_00)), payment("P2", line("QQX 1", -40_00)))
    books.reconcile()
    asked = books.act(undo_match, _remittance(books), 1, FINA, "they are two things", Money(50_00, "USD"))
    assert (asked.lines, asked.amount, asked.case) == (2, Money(80_00, "USD"), None) and asked.proposal is not None
    books.act(approve_proposal, asked.proposal, BO)
    assert sorted(kind for kind, *_ in books.open_cases()) == [UNMATCHED, UNMATCHED]
    books.check()


def test_lines_are_coded_at_once_and_each_says_what_came_of_it(books: Bookkeeping) -> None:
    """What can be booked is, in one entry a payment; what cannot says why, stands still, and takes nothing with it."""
    books.take_in(payment("P1", line("QQX 1", -4_00), line("ZZX 2", -5_00)), payment("P2", line("QQX 3", -6_00)))
    first, second = _remittance(books, "P1"), _remittance(books, "P2")
    posted = len(_entries(books))
    told = books.act(
        code_lines,
        [
            Coding(first, 1, "co-op", note="a fair"),
            Coding(first, 2, "co-op", "999999"),
            Coding(first, 1, "co-op"),
            Coding(second, 1, "co-op"),
            Coding(second, 7, "co-op"),
            Coding(99, 1, "co-op"),
        ],
        FINA,
    )
    assert [each.amount for each in told] == [Money(-4_00, "USD"), None, None, Money(-6_00, "USD"), None, None]
    assert ["not in the chart" in told[1].refused, "twice" in told[2].refused, bool(told[4].refused)] == [True] * 3
    assert len(_entries(books)) == posted + 2
    assert books.balance(Purpose.SUSPENSE) == 5_00
    resolved = books.rows("SELECT resolved_by FROM trueup.cases WHERE state = 'resolved'")
    assert resolved == [("Fina",)]
    books.check()


def test_above_the_limit_two_persons_say_what_lines_are(books: Bookkeeping) -> None:
    """In a case or in a sheet: nothing is booked before a second person approves, and many small lines are no way around it."""
    books.bill(invoice("INV-1", 200_00))
    books.take_in(payment("P1", line("INV-1", 200_00), line("QQX77-1", -60_00), line("ZQ 88 WHAT", -30_00)))
    limit = Money(50_00, "USD")
    [large] = books.rows("SELECT id FROM trueup.cases WHERE kind = 'remittance.unrecognised' AND title LIKE '%60.00%'")
    asked = books.act(classify_within, large[0], ("co-op", "", "a fair"), FINA, limit)
    assert (asked.proposal is not None, asked.amount, asked.lines) == (True, Money(-60_00, "USD"), 1)
    assert books.balance(Purpose.SUSPENSE) == 90_00
    with pytest.raises(Refused, match="second person"):
        books.act(approve_proposal, asked.proposal, FINA)
    assert books.act(approve_proposal, asked.proposal, BO).outcome == {"lines": 1}
    assert books.balance(Purpose.SUSPENSE) == 30_00
    with pytest.raises(Conflict):
        books.act(approve_proposal, asked.proposal, BO)
    at = _remittance(books)
    small = [Coding(at, 3, "co-op"), Coding(at, 3, "co-op"), Coding(at, 9, "co-op")]
    outcomes, proposal = books.act(code_within, small, FINA, Money(29_99, "USD"))
    assert proposal is not None and [bool(each.refused) for each in outcomes] == [False, True, True]
    assert books.balance(Purpose.SUSPENSE) == 30_00
    booked, none = books.act(code_within, small[:1], FINA, limit)
    assert none is None and booked[0].amount == Money(-30_00, "USD") and books.balance(Purpose.SUSPENSE) == 0
    with pytest.raises(Refused, match="does not wait as it was proposed"):
        books.act(approve_proposal, proposal, BO)
    assert not books.open_cases()
    books.check()
