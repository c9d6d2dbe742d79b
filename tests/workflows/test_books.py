"""A remittance becomes books: every cent is posted or in suspense with a case, whatever comes in whatever order."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.workflows.bookkeeping import FINA, PARTNER, Bookkeeping, invoice, line, payment
from trueup.base.errors import Conflict, Refused
from trueup.base.money import Money
from trueup.domain.chart import Purpose
from trueup.domain.remittances import Adjustment, PaymentState, RemittanceSource
from trueup.storage.database import Database
from trueup.workflows.answer_suspense import choose_rival, classify_case
from trueup.workflows.write_off import write_off_claim


@pytest.fixture
def books(database: Database) -> Bookkeeping:
    return Bookkeeping(database)


def test_a_payment_of_known_invoices_settles_them_and_takes_claims_apart(books: Bookkeeping) -> None:
    """Gross is settled, the claim is receivable while it can be disputed, discount and cash stand on their own accounts."""
    books.bill(invoice("INV-1", 100_00), invoice("INV-2", 50_00))
    books.take_in(payment("P1", line("INV-1", 98_00, discount=2_00), line("INV-2", 50_00), line("INV-1SC", -30_00)))
    assert books.balance(Purpose.CASH) == 118_00
    assert books.balance(Purpose.RECEIVABLE) == -150_00
    assert books.balance(Purpose.DISPUTED) == 30_00
    assert books.balance(Purpose.DISCOUNTS) == 2_00
    assert [case[0] for case in books.open_cases()] == ["claim.shortage"]
    books.check()


def test_a_claim_given_back_closes_its_case_in_whatever_order_its_lines_arrive(books: Bookkeeping) -> None:
    """The reversal may be read before the claim: the chain's balance is a sum."""
    books.bill(invoice("INV-1", 100_00))
    books.take_in(payment("P2", line("INV-1SCR", 30_00), paid_on=date(2026, 10, 9)))
    assert [case[0] for case in books.open_cases()] == ["claim.over-reversed"]
    books.check()
    books.take_in(payment("P1", line("INV-1", 100_00), line("INV-1SC", -30_00)))
    assert books.open_cases() == []
    assert books.balance(Purpose.DISPUTED) == 0
    books.check()


def test_what_no_type_reads_waits_in_one_case_a_shape_until_finance_says_what_it_is(books: Bookkeeping) -> None:
    """Two lines of one unknown form are one question; its answer posts both, and nothing is edited."""
    books.take_in(payment("P1", line("QQX77-1", -10_00), line("QQX78-2", -5_00), amount=-15_00))
    (case,) = books.open_cases()
    assert case[0] == "remittance.unrecognised" and case[2] == 15_00
    assert books.balance(Purpose.SUSPENSE) == 15_00
    books.check()
    done = books.act(classify_case, books.case("remittance.unrecognised"), "co-op", FINA)
    assert (done.lines, done.amount) == (2, Money(-15_00, "USD"))
    assert books.balance(Purpose.SUSPENSE) == 0
    assert books.balance(Purpose.CO_OP) == 15_00
    assert books.open_cases() == []
    assert len(books.rows("SELECT 1 FROM trueup.journal_entries")) == 2
    books.check()


def test_the_same_document_again_and_its_parts_again_change_nothing(books: Bookkeeping) -> None:
    """Repeated and split files give the same books as one whole file."""
    books.bill(invoice("INV-1", 100_00), invoice("INV-2", 50_00))
    whole = payment("P1", line("INV-1", 100_00), line("INV-2", 50_00))
    part = payment("P1", line("INV-2", 50_00), amount=150_00)
    books.take_in(part, document="part")
    assert books.open_cases()[0][0] == "remittance.does-not-tie"
    books.check()
    books.take_in(payment("P1", line("INV-1", 100_00), amount=150_00), document="other part")
    assert books.open_cases() == []
    after = books.balances()
    books.take_in(whole, document="whole")
    books.take_in(whole, document="whole again")
    books.take_in(part, document="part again")
    assert (
        books.balances()
        == after
        == {
            (books.code(Purpose.CASH), "USD"): 150_00,
            (books.code(Purpose.RECEIVABLE), "USD"): -150_00,
        }
    )
    assert books.rows("SELECT * FROM trueup.open_invoices") == []
    books.check()


def test_an_invoice_that_becomes_known_later_is_settled_by_the_line_that_waited(books: Bookkeeping) -> None:
    """Remittances may be imported before the invoices they pay."""
    books.take_in(payment("P1", line("INV-9", 100_00), line("INV-9SC", -40_00)))
    assert {case[0] for case in books.open_cases()} == {"remittance.unknown-invoice"}
    assert books.balance(Purpose.SUSPENSE) == -60_00
    books.check()
    books.bill(invoice("INV-9", 100_00))
    assert books.balance(Purpose.SUSPENSE) == 0
    assert books.balance(Purpose.RECEIVABLE) == -100_00
    assert [case[0] for case in books.open_cases()] == ["claim.shortage"]
    books.check()


def test_two_sources_of_one_payment_are_compared_and_never_added(books: Bookkeeping) -> None:
    """The better source is followed, whichever came first, and the case names both numbers."""
    books.bill(invoice("INV-1", 100_00), invoice("INV-2", 50_00))
    export = payment("P1", line("INV-1", 100_00), line("INV-2", 50_00))
    edi = payment("P1", line("INV-1", 90_00), line("INV-2", 60_00), source=RemittanceSource.X12_820)
    books.take_in(export)
    books.take_in(edi)
    found = books.rows("SELECT found FROM trueup.cases WHERE kind = 'remittance.sources-differ'")[0][0]
    assert "90.00 USD in x12-820" in found and "100.00 USD in portal-export" in found
    assert books.balance(Purpose.CASH) == 150_00
    assert books.rows("SELECT minor FROM trueup.open_invoices ORDER BY invoice_id") == [(10_00,), (-10_00,)]
    books.check()


def test_a_voided_payment_is_taken_back_by_an_entry_and_not_erased(books: Bookkeeping) -> None:
    """The journal only grows."""
    books.bill(invoice("INV-1", 100_00))
    told = payment("P1", line("INV-1", 100_00))
    books.take_in(told)
    books.take_in(payment("P1", line("INV-1", 100_00), state=PaymentState.VOIDED))
    assert books.balances() == {}
    assert books.rows("SELECT minor FROM trueup.open_invoices") == [(100_00,)]
    reversal = books.rows("SELECT reverses FROM trueup.journal_entries ORDER BY id DESC LIMIT 1")[0][0]
    assert reversal == f"{PARTNER}/P1"
    books.check()


def test_a_payment_in_another_currency_goes_through_conversion_with_its_difference_to_exchange(
    books: Bookkeeping,
) -> None:
    """Each currency balances on its own; the cent that the stated rate does not explain is a gain or a loss."""
    books.bill(invoice("INV-1", 100_00, currency="EUR"))
    told = payment(
        "P1", line("INV-1", 100_00), amount=108_01, invoiced=Money(100_00, "EUR"), rate=Decimal("1.08"), currency="USD"
    )
    books.take_in(told)
    assert books.balance(Purpose.RECEIVABLE, "EUR") == -100_00
    assert books.balance(Purpose.CONVERSION, "EUR") == 100_00
    assert books.balance(Purpose.CASH) == 108_01
    assert books.balance(Purpose.FX) == -1
    books.check()


def test_an_invoice_paid_twice_is_a_case_with_what_came_too_much(books: Bookkeeping) -> None:
    """The second payment posts as it stands, and someone is told."""
    books.bill(invoice("INV-1", 100_00))
    books.take_in(payment("P1", line("INV-1", 100_00)))
    books.take_in(payment("P2", line("INV-1", 100_00)))
    assert books.open_cases() == [("invoice.overpaid", f"invoice {PARTNER}/INV-1", 100_00)]
    books.take_in(payment("P2", line("INV-1", 100_00), state=PaymentState.VOIDED))
    assert books.open_cases() == []
    books.check()


def test_a_line_that_names_nothing_is_matched_when_one_explanation_alone_fits(books: Bookkeeping) -> None:
    """A padded, wrapped or slipped reference with the exact amount; the case closes and says by what."""
    books.bill(invoice("INV-2026-0001", 123_45), invoice("INV-2026-0002", 77_00))
    books.take_in(payment("P1", line("INV20260OO1", 123_45, description="4QXYZ12/PHX3/##NOT_AVAILABLE")))
    assert books.open_cases()[0][0] == "remittance.unknown-invoice"
    books.check()
    books.reconcile()
    books.check()


def test_a_closed_month_refuses_and_finance_says_when(books: Bookkeeping) -> None:
    """A payment dated in a closed month waits for a person, and is posted on the day they choose."""
    books.bill(invoice("INV-1", 100_00))
    with books.database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO trueup.closed_months VALUES ('2026-10-01', 'Fina', 'Otto', now(), repeat('0', 64))"
        )
    books.take_in(payment("P1", line("INV-1", 100_00)))
    assert books.balances() == {}
    assert [case[0] for case in books.open_cases()] == ["books.closed-month"]
    from trueup.workflows.answer_suspense import post_now

    books.act(post_now, books.case("books.closed-month"), FINA, note="it came after the close")
    assert books.rows("SELECT day FROM trueup.journal_entries") == [(date(2026, 11, 1),)]
    assert books.open_cases() == []
    books.check()


def test_a_claim_given_up_is_a_loss_and_its_case_is_closed(books: Bookkeeping) -> None:
    """Disputed receivable becomes a reduction of revenue, by a named person."""
    books.bill(invoice("INV-1", 100_00))
    books.take_in(payment("P1", line("INV-1", 100_00), line("INV-1SC", -30_00)))
    case = books.case("claim.shortage")
    books.act(write_off_claim, case, FINA, note="cheaper than a dispute")
    assert books.balance(Purpose.DISPUTED) == 0
    assert books.balance(Purpose.CLAIM_LOSSES) == 30_00
    with pytest.raises(Conflict):
        books.act(write_off_claim, case, FINA)
    books.check()


def test_what_cannot_be_answered_so_is_refused_in_words(books: Bookkeeping) -> None:
    """An unknown type, an account that is not there, a rival that is not there."""
    books.take_in(payment("P1", line("QQX77-1", -10_00), amount=-10_00))
    case = books.case("remittance.unrecognised")
    with pytest.raises(Refused, match="is no deduction type"):
        books.act(classify_case, case, "nonsense", FINA)
    with pytest.raises(Refused, match="is not in the chart"):
        books.act(classify_case, case, "co-op", FINA, account="999999")
    with pytest.raises(Refused, match="cannot be resolved by choose"):
        books.act(choose_rival, case, 1, FINA)
    books.check()


def test_what_an_820_carves_out_of_an_invoice_is_taken_apart_again(books: Bookkeeping) -> None:
    """The invoice is settled in full, each adjustment stands on its reason's account; an unknown code waits in suspense."""
    books.bill(invoice("INV-1", 100_00))
    carved = (Adjustment("06", -30_00), Adjustment("56", -5_00), Adjustment("QQ", -1_00))
    books.take_in(payment("P1", line("INV-1", 64_00, gross=100_00, adjustments=carved)))
    assert books.balance(Purpose.RECEIVABLE) == -100_00
    assert books.balance(Purpose.DISPUTED) == 30_00
    assert books.balance(Purpose.CO_OP) == 5_00
    assert books.balance(Purpose.SUSPENSE) == 1_00
    assert books.rows("SELECT * FROM trueup.open_invoices") == []
    books.check()
    books.act(classify_case, books.case("remittance.unrecognised"), "co-op", FINA)
    assert books.balance(Purpose.CO_OP) == 6_00
    books.check()


def test_a_claim_without_a_chain_is_a_claim_of_its_own(books: Bookkeeping) -> None:
    """What stands on an account of claims has an open case, whatever its grammar."""
    books.take_in(payment("P1", line("IPAP-7734", -12_00, description="APAUDIT 2024"), amount=-12_00))
    books.check()


def test_what_is_before_the_last_closed_month_is_closed_too(books: Bookkeeping) -> None:
    """Months close in order: a payment of August, told of after September was closed, waits for a person as well."""
    books.bill(invoice("INV-1", 100_00))
    with books.database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO trueup.closed_months VALUES ('2026-09-01', 'Fina', 'Otto', now(), repeat('0', 64))"
        )
    books.take_in(payment("P1", line("INV-1", 100_00), paid_on=date(2026, 8, 14)))
    assert books.balances() == {}
    assert [case[0] for case in books.open_cases()] == ["books.closed-month"]
