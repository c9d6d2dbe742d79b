"""A claim on its way back: submitted by a person, answered by Amazon, repaid by a later remittance, or a case."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.workflows.bookkeeping import FINA, PARTNER, Bookkeeping, invoice, line, payment
from trueup.base.errors import Conflict, Refused
from trueup.base.money import Money
from trueup.domain.disputes import DisputeState, Outcome, standing
from trueup.reports.dispute_pack import write_dispute_pack
from trueup.storage.database import Database
from trueup.storage.disputes import load_experiences, load_recoverables
from trueup.storage.views.exhibits import list_exhibits
from trueup.storage.views.recovery import load_brief
from trueup.workflows.add_papers import archive_paper
from trueup.workflows.dispute_claim import Submission, disputable_types, note_outcome, submit_claim
from trueup.workflows.prove_books import prove
from trueup.workflows.stage_dispute import stage_claim

DUE = date(2026, 9, 1)
FIRST = payment("P1", line("INV-1", 100_00), line("INV-1SC", -30_00))


@pytest.fixture
def books(database: Database) -> Bookkeeping:
    kept = Bookkeeping(database)
    kept.bill(invoice("INV-1", 100_00, due_on=DUE, purchase_order="4QXYZ12A"))
    kept.take_in(FIRST)
    return kept


def claim_of(books: Bookkeeping) -> int:
    return int(books.rows("SELECT id FROM trueup.claims")[0][0])


def test_a_claim_is_disputed_won_and_repaid(books: Bookkeeping) -> None:
    """The outcome is learnt from, the reversal closes the claim, and nothing is left to ask for."""
    number = claim_of(books)
    books.act(submit_claim, number, Submission("CASE-77", date(2026, 11, 2)), FINA)
    with pytest.raises(Refused, match="a dispute is under way"):
        books.act(submit_claim, number, Submission("CASE-78", date(2026, 11, 2)), FINA)
    books.act(note_outcome, number, Outcome.PARTLY, (date(2026, 11, 2), Money(20_00, "USD")), FINA)
    books.take_in(payment("P2", line("INV-1SCR", 20_00), paid_on=date(2026, 11, 20)))
    books.clock.advance(timedelta(days=60))
    assert books.act(prove, "disputes")["open"] == 0
    with books.database.transaction() as connection:
        (known,) = load_experiences(connection).values()
        (found,) = load_recoverables(connection, disputable_types(books.world.books), partner=PARTNER)
    assert (known.won, known.claimed_minor, known.won_minor) == (1, 30_00, 20_00)
    assert found.balance.open == 10_00
    assert standing(found.claim, date(2026, 11, 21)).state is DisputeState.OPEN
    books.check()


def test_a_dispute_that_was_won_and_not_repaid_is_a_case(books: Bookkeeping) -> None:
    """Amazon agreed, and forgot: after 45 days someone is told how much is missing."""
    number = claim_of(books)
    books.act(submit_claim, number, Submission("CASE-77", date(2026, 11, 2)), FINA)
    books.act(note_outcome, number, Outcome.WON, (date(2026, 11, 2), None), FINA)
    assert books.act(prove, "disputes")["open"] == 0
    books.clock.advance(timedelta(days=46))
    assert books.act(prove, "disputes")["open"] == 1
    (row,) = books.rows("SELECT risk_minor, found FROM trueup.cases WHERE kind = 'dispute.unpaid' AND state = 'open'")
    assert tuple(row) == (30_00, "0.00 USD given back since")
    books.take_in(payment("P2", line("INV-1SCR", 30_00), paid_on=date(2026, 12, 20)))
    assert books.act(prove, "disputes")["closed"] == 1
    books.check()


def test_an_answer_that_does_not_fit_is_refused(books: Bookkeeping) -> None:
    """A part needs its amount, all is all, nothing is nothing; and without a dispute there is no answer."""
    number = claim_of(books)
    with pytest.raises(Refused, match="no dispute is under way"):
        books.act(note_outcome, number, Outcome.LOST, (date(2026, 11, 2), None), FINA)
    books.act(submit_claim, number, Submission("CASE-77", date(2026, 11, 2)), FINA)
    for outcome, amount in ((Outcome.PARTLY, None), (Outcome.PARTLY, 30_00), (Outcome.WON, 20_00), (Outcome.LOST, 1)):
        money = Money(amount, "USD") if amount is not None else None
        with pytest.raises(Refused, match="Claim"):
            books.act(note_outcome, number, outcome, (date(2026, 11, 2), money), FINA)


def test_an_answer_of_another_time_is_refused(books: Bookkeeping) -> None:
    """Not before the submission, nor on a day that has begun nowhere."""
    number = claim_of(books)
    books.act(submit_claim, number, Submission("CASE-77", date(2026, 11, 1)), FINA)
    for day, words in (
        (date(2026, 10, 31), "2026-10-31 is before it was submitted, on 2026-11-01"),
        (date(2026, 11, 4), "2026-11-04 is not here yet"),
        (date(9999, 12, 31), "9999-12-31 is not here yet"),
    ):
        with pytest.raises(Refused, match=words):
            books.act(note_outcome, number, Outcome.LOST, (day, None), FINA)
    assert books.act(note_outcome, number, Outcome.LOST, (date(2026, 11, 3), None), FINA).answered_on is not None


def test_what_was_submitted_as_it_was_staged_is_about_what_was_held_then(books: Bookkeeping) -> None:
    """More was taken and some given back since: the attempt, its deed and its answer are of the pack."""
    number = claim_of(books)
    for content in (b"invoices", repr((FIRST,)).encode()):
        books.act(archive_paper, content, "original", FINA)
    pack = books.act(stage_claim, number, "Norda", FINA)
    books.take_in(
        payment("P2", line("INV-1SC", -25_00), line("INV-1SCR", 5_00), paid_on=date(2026, 10, 30), amount=-20_00)
    )
    said = Submission("CASE-77", date(2026, 11, 2), pack.digest)
    with pytest.raises(Conflict, match=r"It is about 30\.00 USD, and 50\.00 USD are held now"):
        books.act(submit_claim, number, said, FINA)
    books.act(submit_claim, number, replace(said, as_staged=True), FINA)
    assert books.rows("SELECT open_minor, given_minor FROM trueup.disputes") == [(30_00, 0)]
    assert books.rows("SELECT after ->> 'minor' FROM trueup.acts WHERE act = 'claim.disputed'") == [("3000",)]
    assert books.act(note_outcome, number, Outcome.WON, (date(2026, 11, 2), None), FINA).won == 30_00


def test_the_pack_tells_the_lineage_and_what_is_missing(books: Bookkeeping) -> None:
    """Every slice with its document, the invoice, and in words what a reviewer will ask for that we do not have."""
    with books.database.transaction() as connection:
        (found,) = load_recoverables(connection, disputable_types(books.world.books))
        brief = load_brief(connection, found)
    assert [(each.payment, each.reference, each.minor) for each in brief.slices] == [("P1", "INV-1SC", -30_00)]
    assert brief.invoice is not None and brief.order is None
    assert len(brief.missing) == 4
    assert [(each.group, each.day) for each in list_exhibits(brief)] == [
        ("What Amazon took", brief.slices[0].paid_on),
        ("Our invoice", brief.invoice.invoice.issued_on),
    ]
    stands = standing(found.claim, date(2026, 11, 2))
    pdf = write_dispute_pack(brief, stands, date(2026, 11, 2), "Riverside Wares")
    assert pdf == write_dispute_pack(brief, stands, date(2026, 11, 2), "Riverside Wares")
    import io

    from pypdf import PdfReader

    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    for words in ("INV-1SC", "30.00", "Invoice INV-1 of 2026-09-01", "proof of delivery", "Exhibits", "took 30.00 USD"):
        assert words in text
