"""What a person decided about a line of a document that was cut was applied to another line, once the whole document came."""

from __future__ import annotations

from tests.workflows.bookkeeping import FINA, Bookkeeping, invoice, line, payment
from trueup.domain.chart import Purpose
from trueup.storage.database import Database
from trueup.workflows.answer_suspense import classify_case


def test_a_decision_stays_with_its_line_when_the_whole_document_numbers_it_otherwise(database: Database) -> None:
    """The line keeps the number it was first known by, and what stands in its place is settled as itself."""
    books = Bookkeeping(database)
    books.bill(invoice("INV-1", 100_00), invoice("INV-2", 50_00))
    odd = line("QQX77-1", -10_00)
    books.take_in(payment("P1", line("INV-1", 100_00), odd, amount=140_00), document="part")
    books.act(classify_case, books.case("remittance.unrecognised"), "co-op", FINA)
    books.take_in(payment("P1", line("INV-1", 100_00), line("INV-2", 50_00), odd, amount=140_00), document="whole")
    assert books.balance(Purpose.CO_OP) == 10_00
    assert books.balance(Purpose.RECEIVABLE) == -150_00
    assert books.open_cases() == []
    books.check()


def test_a_decision_about_a_line_that_is_gone_is_not_one_about_the_next(database: Database) -> None:
    """Where a document corrects what another told, the corrected line is a line of its own."""
    books = Bookkeeping(database)
    books.bill(invoice("INV-1", 100_00))
    books.take_in(payment("P1", line("INV-1", 100_00), line("QQX77-1", -10_00), amount=80_00), document="wrong")
    books.act(classify_case, books.case("remittance.unrecognised"), "co-op", FINA)
    books.take_in(payment("P1", line("INV-1", 100_00), line("QQX77-1", -20_00), amount=80_00), document="right")
    assert books.balance(Purpose.CO_OP) == 0
    assert books.balance(Purpose.SUSPENSE) == 20_00
    assert [case[::2] for case in books.open_cases()] == [("remittance.unrecognised", 20_00)]
    books.check()


def test_the_number_of_a_decided_line_that_is_gone_may_be_given_again(database: Database) -> None:
    """An answer goes with its line: what is told under its number later is looked at by itself."""
    books = Bookkeeping(database)
    books.bill(invoice("INV-1", 100_00))
    whole, odd = line("INV-1", 100_00), line("QQX77-1", -10_00)
    books.take_in(payment("P1", whole, odd, amount=80_00), document="wrong")
    books.act(classify_case, books.case("remittance.unrecognised"), "co-op", FINA)
    books.take_in(payment("P1", whole), document="corrected")
    books.take_in(payment("P1", whole, line("QQX88-1", -30_00)), document="corrected again")
    assert books.balance(Purpose.CO_OP) == 0
    assert books.balance(Purpose.SUSPENSE) == 30_00
    books.check()
