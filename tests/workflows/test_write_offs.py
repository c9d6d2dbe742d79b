"""Claims given up and taken back: two persons above the limit, an entry for each, and the claim's story stays true."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from tests.workflows.bookkeeping import FINA, NOON, Bookkeeping, invoice, line, payment
from trueup.base.errors import Conflict, Invalid, Refused
from trueup.base.money import Money
from trueup.domain.cases import Role
from trueup.domain.chart import Purpose
from trueup.domain.disputes import DisputeState
from trueup.storage.database import Database
from trueup.storage.views.acts import list_deeds, list_proposals
from trueup.storage.views.closing import load_claims_apart
from trueup.storage.views.recovery import list_given_up
from trueup.workflows.approve_proposal import approve_proposal
from trueup.workflows.dispute_claim import disputable_types, recoverable
from trueup.workflows.rank_claims import rank_claims
from trueup.workflows.resolve_case import Person
from trueup.workflows.write_off import reverse_entry, write_off_claim

BO = Person("Bo", frozenset({Role.FINANCE}))
LIMIT = Money(50_00, "USD")


@pytest.fixture
def books(database: Database) -> Bookkeeping:
    """An invoice, its payment, and a shortage claim of 90.00."""
    keeping = Bookkeeping(database)
    keeping.bill(invoice("INV-1", 1000_00))
    keeping.take_in(payment("P1", line("INV-1", 1000_00), line("INV-1SC", -90_00)))
    return keeping


def _write_offs(books: Bookkeeping) -> Sequence[tuple[int, date]]:
    query = "SELECT id, day FROM trueup.journal_entries WHERE kind = 'write-off' ORDER BY id"
    return [(int(number), day) for number, day in books.rows(query)]


def _standing(books: Bookkeeping) -> DisputeState:
    with books.database.transaction() as connection:
        [ranked] = rank_claims(connection, disputable_types(books.world.books), NOON.date())
    return ranked.standing.state


def _check(books: Bookkeeping) -> None:
    books.check()
    with books.database.transaction() as connection:
        assert not load_claims_apart(connection), "the journal and the claims disagree"


def test_a_claim_is_given_up_by_two_and_taken_back_by_reversal(books: Bookkeeping) -> None:
    """Nothing is posted before the second person; then a loss. Reversed, it is held again with a case, and can be given up anew."""
    case = books.case("claim.shortage")
    asked = books.act(write_off_claim, case, FINA, note="cheaper than a dispute", two_persons_above=LIMIT)
    assert asked.proposal is not None and not _write_offs(books)
    with pytest.raises(Refused, match="second person"):
        books.act(approve_proposal, asked.proposal, FINA)
    books.act(approve_proposal, asked.proposal, BO)
    [(entry, _)] = _write_offs(books)
    assert (books.balance(Purpose.DISPUTED), books.balance(Purpose.CLAIM_LOSSES)) == (0, 90_00)
    assert _standing(books) is DisputeState.WRITTEN_OFF
    _check(books)
    with pytest.raises(Invalid, match="say why"):
        books.act(reverse_entry, entry, FINA, "")
    amount, proposal = books.act(reverse_entry, entry, FINA, "Amazon pays it after all", LIMIT)
    assert (amount, books.balance(Purpose.DISPUTED)) == (Money(90_00, "USD"), 0) and proposal is not None
    books.clock.advance(timedelta(days=3))
    books.act(approve_proposal, proposal, BO)
    assert (books.balance(Purpose.DISPUTED), books.balance(Purpose.CLAIM_LOSSES)) == (90_00, 0)
    _check(books)
    with pytest.raises(Refused, match="reversed already"):
        books.act(reverse_entry, entry, FINA, "again")
    again = books.case("claim.shortage")
    assert again != case
    books.act(write_off_claim, again, FINA, note="no, it does not")
    assert books.balance(Purpose.CLAIM_LOSSES) == 90_00
    _check(books)
    balance = books.act(recoverable, 1).balance
    with books.database.transaction() as connection:
        told = [
            (each.minor, each.actor, each.undone_by_entry is not None, each.undone_on, each.undone_by)
            for each in list_given_up(connection, balance)
        ]
    assert told == [(90_00, "Fina", False, None, None), (90_00, "Bo", True, date(2026, 11, 5), "Bo")]


def test_who_gave_a_claim_up_is_told_of_the_claim(books: Bookkeeping) -> None:
    """By its number, as all that is done to it: the proposal, the act, and who was faster."""
    case, number = books.case("claim.shortage"), books.act(recoverable, 1).balance.id
    asked = books.act(write_off_claim, case, FINA, note="small", two_persons_above=LIMIT)
    books.act(approve_proposal, asked.proposal, BO)
    with books.database.transaction() as connection:
        told = [(each["act"], each["actor"]) for each in list_deeds(connection, f"claim {number}")]
        [proposed] = list_proposals(connection, subject=f"claim {number}", everything=True)
    assert ("claim.written-off", "Bo") in told and proposed["id"] == asked.proposal


def test_a_proposal_of_what_changed_since_is_refused(books: Bookkeeping) -> None:
    """Amazon gives a part back meanwhile: what the second person would approve is no longer what was proposed."""
    case = books.case("claim.shortage")
    asked = books.act(write_off_claim, case, FINA, note="small", two_persons_above=LIMIT)
    books.take_in(payment("P2", line("INV-1SCR", 40_00)))
    with pytest.raises(Refused, match=r"50\.00 USD are open now"):
        books.act(approve_proposal, asked.proposal, BO)
    books.act(write_off_claim, case, FINA, note="small", two_persons_above=LIMIT)
    with pytest.raises(Conflict):
        books.act(write_off_claim, case, FINA, note="twice")
    _check(books)


def test_what_follows_a_document_is_not_reversed_and_says_what_takes_it_back(books: Bookkeeping) -> None:
    """A payment's entry is undone line by line; the wrong role reverses nothing."""
    [(entry,)] = books.rows("SELECT id FROM trueup.journal_entries WHERE kind = 'remittance'")
    with pytest.raises(Refused, match="Undo single lines"):
        books.act(reverse_entry, entry, FINA, "wrong")
    with pytest.raises(Refused, match="may not do this"):
        books.act(reverse_entry, entry, Person("Olga", frozenset({Role.OPERATIONS})), "wrong")
