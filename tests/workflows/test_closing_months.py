"""A month is closed: its pack adds up, two persons stand for it, and what it says never changes."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from tests.workflows.bookkeeping import FINA, PARTNER, Bookkeeping, invoice, line, payment
from trueup.base.errors import Conflict, Refused
from trueup.domain.cases import Role
from trueup.domain.chart import Purpose
from trueup.domain.closing import ClosePack, Month
from trueup.domain.closing_checklist import Light, checklist
from trueup.domain.remittances import PaymentState
from trueup.domain.terms import Basis, Term
from trueup.storage.database import Database
from trueup.workflows.answer_suspense import classify_case, post_now
from trueup.workflows.approve_proposal import approve_proposal
from trueup.workflows.close_month import (
    Looked,
    figures_digest,
    look_at_month,
    prepare_pack,
    propose_closing,
    read_pack,
    write_pack,
)
from trueup.workflows.resolve_case import Person
from trueup.workflows.sign_off import answer_open, review_point, sign_point
from trueup.workflows.world import Tx
from trueup.workflows.write_off import write_off_claim

OCTOBER, NOVEMBER = Month(date(2026, 10, 1)), Month(date(2026, 11, 1))
OTTO = Person("Otto", frozenset({Role.FINANCE}))
OLGA = Person("Olga", frozenset({Role.OPERATIONS}))


@pytest.fixture
def books(database: Database) -> Bookkeeping:
    return Bookkeeping(database)


def pack_of(books: Bookkeeping, month: Month = OCTOBER) -> ClosePack:
    def make(tx: Tx) -> ClosePack:
        return prepare_pack(tx.connection, tx.resources.books, month, tx.now)

    return books.act(make)


def look(books: Bookkeeping, month: Month = OCTOBER) -> Looked:
    def make(tx: Tx) -> Looked:
        read = tx.resources.read
        return look_at_month(
            tx.connection, tx.resources.books, month, tx.now, lambda digest: read(tx.connection, digest)
        )

    return books.act(make)


def lights(pack: ClosePack) -> dict[str, Light]:
    return {point.name: point.light for point in checklist(pack)}


def close(books: Bookkeeping, month: Month = OCTOBER, override: str = "") -> None:
    if not override:
        answer(books, month)
    proposed = books.act(propose_closing, month, FINA, override)
    books.act(approve_proposal, proposed.proposal, OTTO)


def answer(books: Bookkeeping, month: Month = OCTOBER) -> None:
    """Fina answers for what is open, and Otto looks again."""
    books.act(answer_open, month, "known", FINA, OTTO)


def a_month(books: Bookkeeping) -> None:
    """Two invoices, one paid with a discount and a claim partly given back, a chargeback, a provision, and something unknown."""
    books.bill(
        invoice("INV-1", 100_00, issued_on=date(2026, 9, 20)),
        invoice("INV-2", 50_00, issued_on=date(2026, 10, 3), due_on=date(2026, 10, 20)),
        invoice("INV-3", 70_00, issued_on=date(2026, 7, 1), due_on=date(2026, 8, 1)),
        invoice("INV-4", 10_00, issued_on=date(2026, 11, 1)),
    )
    books.take_in(
        payment(
            "P1",
            line("INV-1", 98_00, discount=2_00),
            line("INV-1SC", -30_00),
            line("261001_PROVISION_FOR_RECEIVABLES", -12_00),
            line("QQX77-1", -5_00),
            line("1520811216VCBSINV", -8_00),
        )
    )
    books.take_in(payment("P2", line("INV-1SCR", 10_00), paid_on=date(2026, 10, 30)))


def test_a_month_adds_up(books: Bookkeeping) -> None:
    """Every figure is what was paid, taken, given back and left, and the roll-forwards end where they must."""
    a_month(books)
    figures = pack_of(books).figures
    assert [(each.currency, each.minor) for each in figures.received] == [("USD", 53_00)]
    assert [(each.minor, each.without_invoice) for each in figures.settled] == [(100_00, 0)]
    taken = {each.type: (each.gross, each.given_back, each.net) for each in figures.deducted}
    assert taken == {
        "shortage-claim": (30_00, 0, 30_00),
        "shortage-reversal": (0, 10_00, -10_00),
        "provision-receivables": (12_00, 0, 12_00),
        "chargeback": (8_00, 0, 8_00),
        "terms-discount": (2_00, 0, 2_00),
    }
    (disputed,) = figures.disputed
    assert (disputed.opening, disputed.taken, disputed.given_back, disputed.closing) == (0, 30_00, 10_00, 20_00)
    assert disputed.closing == books.balance(Purpose.DISPUTED)
    assert [(each.claim, each.minor, each.since) for each in figures.claims] == [
        ("shortage/INV1", 20_00, date(2026, 10, 2))
    ]
    (suspense,) = figures.suspense
    assert (suspense.came, suspense.explained, suspense.closing) == (-5_00, 0, -5_00)
    assert [(each.minor, each.unexplained, each.lines) for each in figures.waiting] == [(-5_00, 5_00, 1)]
    assert [(each.minor, each.claim) for each in figures.open_provisions] == [
        (12_00, "provision/261001PROVISIONFORRECEIVABLES")
    ]
    (owed,) = figures.receivables
    assert (owed.opening, owed.invoiced, owed.settled, owed.closing) == (170_00, 50_00, 100_00, 120_00)
    assert (owed.to_30, owed.to_60, owed.to_90, owed.beyond_90, owed.overdue) == (50_00, 0, 0, 70_00, 120_00)
    assert owed.rolled == owed.closing
    assert sum(each.closing for each in figures.balances) == 0


def test_the_lights_say_what_stands_against_closing(books: Bookkeeping) -> None:
    """Proven is green, what waits with a case is yellow; nothing here is red."""
    a_month(books)
    found = lights(pack_of(books))
    for name in ("journal", "disputed", "receivables", "clearing", "tie", "documents", "held", "sources", "order"):
        assert found[name] is Light.GREEN, name
    for name in ("suspense", "provisions", "bank", "copies", "accruals"):
        assert found[name] is Light.YELLOW, name


def test_a_closed_month_says_the_same_ever_after(books: Bookkeeping) -> None:
    """Later payments, invoices known late, answers and repayments change the next month, never the closed one."""
    a_month(books)
    close(books)
    before = look(books)
    assert before.closing is not None and before.same
    assert (before.pack.closed_by, before.pack.approved_by) == ("Fina", "Otto")
    books.clock.advance(timedelta(days=3))
    books.bill(invoice("INV-9", 33_00, issued_on=date(2026, 10, 15)))
    books.take_in(payment("P3", line("INV-2", 50_00), line("INV-1SCR", 20_00), paid_on=date(2026, 11, 4)))
    books.take_in(payment("P4", line("INV-9", 33_00), paid_on=date(2026, 10, 16)))
    books.act(classify_case, books.case("remittance.unrecognised"), "co-op", FINA)
    with pytest.raises(Refused, match="say why payment amazon-us/"):
        books.act(post_now, books.case("books.closed-month"), FINA)
    books.act(post_now, books.case("books.closed-month"), FINA, note="it came after the close")
    after = look(books)
    assert after.same
    assert after.pack == before.pack
    november = pack_of(books, NOVEMBER).figures
    (owed,) = november.receivables
    assert (owed.opening, owed.late, owed.invoiced, owed.settled) == (120_00, 33_00, 10_00, 83_00)
    assert owed.rolled == owed.closing == 80_00
    assert november.waiting == () and november.claims == ()
    assert november.suspense[0].opening == -5_00 and november.suspense[0].closing == 0
    books.check()


def test_what_was_closed_and_changed_behind_our_back_is_seen(books: Bookkeeping) -> None:
    """The figures are computed again and compared with the archived pack."""
    a_month(books)
    close(books)
    with books.database.transaction() as connection:
        connection.execute(sa.text("UPDATE trueup.open_invoices SET minor = minor - 1 WHERE minor = 7000"))
    assert not look(books).same


def test_closing_takes_two_persons_and_the_role(books: Bookkeeping) -> None:
    """The proposer cannot approve, nor can someone of operations propose or approve."""
    a_month(books)
    with pytest.raises(Refused, match="it takes the role finance or admin"):
        books.act(propose_closing, OCTOBER, OLGA)
    answer(books)
    proposed = books.act(propose_closing, OCTOBER, FINA)
    assert books.act(propose_closing, OCTOBER, FINA).proposal == proposed.proposal
    with pytest.raises(Refused, match="a second person must approve it"):
        books.act(approve_proposal, proposed.proposal, FINA)
    with pytest.raises(Refused, match="it takes the role finance or admin"):
        books.act(approve_proposal, proposed.proposal, OLGA)
    done = books.act(approve_proposal, proposed.proposal, OTTO)
    assert done.outcome["month"] == "2026-10"
    with pytest.raises(Conflict, match="was closed by Fina and Otto"):
        books.act(propose_closing, OCTOBER, FINA)
    acts = books.rows("SELECT act, actor FROM trueup.acts WHERE act LIKE 'month.%' ORDER BY id")
    assert acts[-1] == ("month.closed", "Otto")


def test_what_changed_since_the_proposal_must_be_proposed_again(books: Bookkeeping) -> None:
    """Nobody approves figures that nobody proposed; proposing again stands for what the books are then."""
    a_month(books)
    answer(books)
    first = books.act(propose_closing, OCTOBER, FINA)
    books.take_in(payment("P3", line("INV-2", 50_00), line("NEW", -1_00), paid_on=date(2026, 10, 31)))
    with pytest.raises(Refused, match="have changed since Fina proposed"):
        books.act(approve_proposal, first.proposal, OTTO)
    with pytest.raises(Refused, match=r"suspense: .*changed after Fina signed it"):
        books.act(propose_closing, OCTOBER, FINA)
    answer(books)
    again = books.act(propose_closing, OCTOBER, FINA)
    with pytest.raises(Conflict, match=f"replaced by Fina .*look at proposal {again.proposal}"):
        books.act(approve_proposal, first.proposal, OTTO)
    books.act(approve_proposal, again.proposal, OTTO)
    assert look(books).same


def test_a_red_light_refuses_unless_someone_says_why(books: Bookkeeping) -> None:
    """The reason stands in the pack; another red light that comes up afterwards is not covered by it."""
    a_month(books)
    books.take_in(
        payment("P0", line("AUG", 0), line("260101_PROVISION_FOR_RECEIVABLES", -1_00), paid_on=date(2026, 10, 1))
    )
    with books.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE trueup.remittances SET posting = 'held' WHERE payment = 'P2'")
    with pytest.raises(Refused, match=r"Held and not posted: 1 payment, 10\.00 USD"):
        books.act(propose_closing, OCTOBER, FINA)
    close(books, override="P2 is a double of P1")
    assert look(books).pack.override == "P2 is a double of P1"


def test_what_nobody_answers_for_refuses_the_lock_unless_two_say_why(books: Bookkeeping) -> None:
    """Signed alone is not enough; what is only for information is not asked for; the reason and the points stand in the pack."""
    a_month(books)
    with pytest.raises(Refused, match=r"suspense: .*Nobody answers for it yet.*--override"):
        books.act(propose_closing, OCTOBER, FINA)
    for point in ("provisions", "bank"):
        books.act(sign_point, OCTOBER, point, "known", FINA)
        books.act(review_point, OCTOBER, point, OTTO)
    books.act(sign_point, OCTOBER, "suspense", "the buyer answers in November", FINA)
    with pytest.raises(Refused, match="Signed by Fina; a second person has yet to look again"):
        books.act(propose_closing, OCTOBER, FINA)
    proposed = books.act(propose_closing, OCTOBER, FINA, "the reviewer is ill")
    assert [each.point.name for each in proposed.blocking] == ["suspense"]
    with pytest.raises(Refused, match="a second person must approve it"):
        books.act(approve_proposal, proposed.proposal, FINA)
    books.act(approve_proposal, proposed.proposal, OTTO)
    pack = look(books).pack
    open_still = {each.point: each.why for each in pack.answers if each.why}
    assert pack.override == "the reviewer is ill"
    assert open_still == {"suspense": "Signed by Fina; a second person has yet to look again."}
    assert {each.point: each.reviewed_by for each in pack.answers}["bank"] == "Otto"
    acts = books.rows("SELECT after FROM trueup.acts WHERE act = 'month.closed'")
    assert (acts[0][0]["override"], acts[0][0]["open"]) == ("the reviewer is ill", ["suspense"])


def test_months_close_in_order_and_only_when_over(books: Bookkeeping) -> None:
    """The current month is not over; October waits for September, which has entries."""
    books.bill(invoice("INV-1", 100_00))
    books.take_in(payment("P1", line("INV-1", 100_00), paid_on=date(2026, 9, 30)))
    with pytest.raises(Refused, match="The month 2026-11 is not over"):
        books.act(propose_closing, NOVEMBER, FINA)
    with pytest.raises(Refused, match="2026-09 is not closed; months close in order"):
        books.act(propose_closing, OCTOBER, FINA)
    close(books, Month(date(2026, 9, 1)))
    close(books)
    with pytest.raises(Refused, match="has not begun"):
        look(books, Month(date(2026, 12, 1)))
    with pytest.raises(Refused, match="what is before it is closed with it"):
        books.act(propose_closing, Month(date(2026, 8, 1)), FINA)


def test_a_claim_given_up_leaves_its_account_and_its_list(books: Bookkeeping) -> None:
    """Written off is a column of its own, and the claim is no longer open."""
    a_month(books)
    books.act(write_off_claim, books.case("claim.shortage"), FINA, note="small")
    books.clock.move_to(datetime(2026, 12, 2, tzinfo=UTC))
    figures = pack_of(books, NOVEMBER).figures
    (disputed,) = figures.disputed
    assert (disputed.opening, disputed.written_off, disputed.closing) == (20_00, 20_00, 0)
    assert figures.claims == ()
    assert lights(pack_of(books, NOVEMBER))["disputed"] is Light.GREEN
    assert [each.minor for each in pack_of(books).figures.claims] == [20_00]


def test_what_does_not_agree_is_red(books: Bookkeeping) -> None:
    """A claim that says otherwise than the journal, an invoice that does, a case that is gone."""
    a_month(books)
    with books.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE trueup.claims SET given_minor = given_minor + 1")
        connection.exec_driver_sql("UPDATE trueup.open_invoices SET minor = minor + 1 WHERE minor = 7000")
        connection.exec_driver_sql("UPDATE trueup.cases SET state = 'resolved', resolved_at = now()")
    found = lights(pack_of(books))
    assert {name for name, light in found.items() if light is Light.RED} == {"disputed", "receivables", "suspense"}


def test_payments_that_do_not_tie_are_told_apart_from_those_that_hide_items(books: Bookkeeping) -> None:
    """Both in yellow, each in its own list with its money."""
    books.bill(invoice("INV-1", 100_00), invoice("INV-2", 50_00))
    books.take_in(payment("P1", line("INV-1", 100_00), amount=101_00))
    books.take_in(payment("P2", line("INV-2", 50_00), amount=57_00, hides_items=True))
    observed = pack_of(books).observed
    assert [(each.about, each.minor) for each in observed.not_tying] == [(f"{PARTNER}/P1", 1_00)]
    assert [(each.about, each.minor) for each in observed.hidden] == [(f"{PARTNER}/P2", 7_00)]
    assert lights(pack_of(books))["tie"] is Light.YELLOW


def test_the_archived_pack_reads_back_as_it_was(books: Bookkeeping) -> None:
    """JSON whose hash stands with the month, and a PDF and a workbook beside it."""
    a_month(books)
    close(books)
    pack = look(books).pack
    assert read_pack(write_pack(pack)) == pack
    rows = books.rows("SELECT name, digest FROM trueup.documents WHERE kind = 'close-pack' ORDER BY id")
    assert [row[0] for row in rows] == ["close-2026-10.json", "close-2026-10.pdf", "close-2026-10.xlsx"]
    assert rows[0][1] == books.rows("SELECT evidence FROM trueup.closed_months")[0][0]
    assert figures_digest(pack) == figures_digest(read_pack(write_pack(pack)))


def test_a_correction_is_in_the_side_of_what_it_corrects(books: Bookkeeping) -> None:
    """A payment taken back leaves nothing deducted, and no reversal that Amazon never made."""
    books.bill(invoice("INV-1", 100_00))
    told = payment("P1", line("INV-1", 100_00), line("1520811216VCBSINV", -8_00))
    books.take_in(told)
    books.take_in(payment("P1", *told.lines, state=PaymentState.VOIDED))
    assert pack_of(books).figures.deducted == ()


def test_an_empty_month_closes(books: Bookkeeping) -> None:
    """Nothing happened, and that is proven too."""
    close(books)
    looked = look(books)
    assert looked.same and looked.pack.figures.balances == ()
    assert io.BytesIO(write_pack(looked.pack)).getbuffer().nbytes > 100


def test_a_copy_is_found_by_the_number_it_is_named_by(books: Bookkeeping) -> None:
    """However the number is written and whatever the file's ending; what a column says needs none."""
    books.bill(invoice("INV-1", 100_00))
    lines = line("INV-1", 98_00, withheld=2_00), line("1520811216VCBSINV", -8_00), line("6268-1490899880", -15_00)
    books.take_in(payment("P1", *lines))
    assert [(each.about, each.minor) for each in pack_of(books).observed.without_copy] == [
        ("6268-1490899880", 15_00),
        ("1520811216VCBSINV", 8_00),
    ]

    def archive(tx: Tx) -> None:
        tx.resources.keep(tx.connection, b"%PDF", kind="file", source="portal", name="6268_1490899880.pdf")

    books.act(archive)
    assert [each.about for each in pack_of(books).observed.without_copy] == ["1520811216VCBSINV"]


def test_terms_let_expect_what_was_charged(books: Bookkeeping) -> None:
    """Four percent of what was invoiced in the month beside the co-op that was taken in it, without a term there is no number."""
    a_month(books)
    books.take_in(payment("P5", line("6268-1490899880", -3_00), amount=-3_00, paid_on=date(2026, 10, 20)))
    (unrated,) = pack_of(books).accruals
    assert (unrated.kind, unrated.net_receipts, unrated.expected, unrated.charged) == ("co-op", 50_00, None, 3_00)
    day = date(2026, 1, 1)
    term = Term("co-op", PARTNER, Basis.NET_RECEIPTS, day, day, "agreement 6268", percent=Decimal(4))
    books.agree(term)
    (rated,) = pack_of(books).accruals
    assert (rated.expected, rated.charged) == (2_00, 3_00)
    assert "1.00 USD too much" in rated.words
