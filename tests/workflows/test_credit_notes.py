"""Credit notes under VAT: one for what is kept of each invoice, by its own rate, once, under numbers without gaps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.bookkeeping import FINA, PARTNER, Bookkeeping, invoice, line, payment
from trueup.base.errors import ConfigurationError, Refused
from trueup.base.money import Money
from trueup.domain.cases import Role
from trueup.domain.chart import Purpose
from trueup.domain.credit_notes import Credited, Kept, owed
from trueup.storage.database import Database
from trueup.storage.views.credit_notes import list_credit_notes
from trueup.workflows.issue_credit_notes import IssuedNote, issue_credit_notes
from trueup.workflows.prove_books import prove
from trueup.workflows.resolve_case import Person
from trueup.workflows.write_off import write_off_claim

WANTED = (Purpose.DISCOUNTS, Purpose.CLAIM_LOSSES)


@pytest.fixture
def books(database: Database) -> Bookkeeping:
    return Bookkeeping(database, replace(Bookkeeping.terms, credit_notes=WANTED))


def issue(books: Bookkeeping) -> list[IssuedNote]:
    return books.act(issue_credit_notes, FINA)


def bill(books: Bookkeeping) -> None:
    """Two invoices with 19 % tax in them, paid with a discount, one with a claim."""
    taxed = Money(19_00, "USD")
    books.bill(
        invoice("INV-1", 119_00, tax=taxed, purchase_order="4XY"),
        invoice("INV-2", 119_00, tax=taxed, purchase_order="4XZ"),
    )
    books.take_in(
        payment("P1", line("INV-1", 116_62, discount=2_38), line("INV-2", 119_00), line("INV-2SC", -23_80)),
    )


def test_what_is_kept_for_good_is_credited_once_with_the_tax_of_its_invoice(books: Bookkeeping) -> None:
    """The discount at once, the claim when it is given up; each note names invoice and order, and is asked for once."""
    bill(books)
    (first,) = issue(books)
    assert (first.number, first.note.invoice.number, first.note.invoice.purchase_order) == (
        "CN-2026-000001",
        "INV-1",
        "4XY",
    )
    assert (first.note.gross, first.note.tax) == (2_38, 38)
    assert books.balance(Purpose.DISCOUNTS) == 2_00 and books.balance(Purpose.TAX) == 38
    assert issue(books) == []
    books.act(write_off_claim, books.case("claim.shortage"), FINA)
    (second,) = issue(books)
    assert (second.number, second.note.invoice.number, second.note.tax) == ("CN-2026-000002", "INV-2", 3_80)
    assert books.balance(Purpose.CLAIM_LOSSES) == 20_00
    with books.database.transaction() as connection:
        listed = list_credit_notes(connection)
    assert [(row["number"], row["gross"], row["tax"], row["by"]) for row in listed] == [
        ("CN-2026-000002", "23.80 USD", "3.80 USD", "Fina"),
        ("CN-2026-000001", "2.38 USD", "0.38 USD", "Fina"),
    ]
    books.check()


def test_what_is_corrected_after_its_note_is_taken_back_by_another(books: Bookkeeping) -> None:
    """A note is never edited: the payment told anew without its discount makes a note of the other sign."""
    bill(books)
    issue(books)
    corrected = (line("INV-1", 119_00), line("INV-2", 119_00), line("INV-2SC", -23_80))
    books.take_in(payment("P1", *corrected, amount=214_20), document="the export again, corrected")
    (back,) = issue(books)
    assert (back.note.gross, back.note.tax) == (-2_38, -38)
    assert books.balance(Purpose.DISCOUNTS) == 0 and books.balance(Purpose.TAX) == 0
    books.check()


def test_no_note_without_terms_that_want_one_and_none_by_someone_who_may_not(database: Database) -> None:
    """What lowers a price is agreed, never guessed; issuing takes the role."""
    books = Bookkeeping(database)
    bill(books)
    assert issue(books) == []
    with pytest.raises(Refused, match=r"credit-notes\.issue"):
        books.act(issue_credit_notes, Person("Olga", frozenset({Role.OPERATIONS})))
    with pytest.raises(ConfigurationError, match="no credit note is owed for cash"):
        replace(Bookkeeping.terms, credit_notes=(Purpose.CASH,))


def test_a_note_of_a_closed_month_is_dated_in_the_next(books: Bookkeeping) -> None:
    """Numbers follow the year of the day they are issued on."""
    bill(books)
    books.clock.move_to(datetime(2027, 1, 4, 9, tzinfo=UTC))
    (note,) = issue(books)
    assert note.number == "CN-2027-000001"


@given(parts=st.lists(st.integers(1, 5_000), min_size=1, max_size=30), rate=st.integers(0, 27))
def test_over_any_number_of_notes_the_tax_is_that_of_the_whole(parts: list[int], rate: int) -> None:
    """Credited in parts down to nothing, the tax taken back is the tax of the invoice, to the cent."""
    total = sum(parts)
    tax = total * rate // (100 + rate)
    of = Credited(1, PARTNER, "NORDA", "INV-1", "4XY", date(2026, 10, 1), "EUR", total, tax)
    credited = taxed = 0
    for part in parts:
        (note,) = owed([Kept(of, "4900", credited + part, credited, taxed)])
        credited, taxed = credited + note.gross, taxed + note.tax
    assert (credited, taxed) == (total, tax)
    assert owed([Kept(of, "4900", credited, credited, taxed)]) == []


def test_notes_that_are_owed_are_a_case_until_they_are_issued(books: Bookkeeping) -> None:
    """With the tax that is paid on money never received."""
    bill(books)
    books.act(prove, "credit-notes")
    assert ("invoice.credit-notes-owed", 38) in [(kind, risk) for kind, _, risk in books.open_cases()]
    issue(books)
    books.act(prove, "credit-notes")
    assert "invoice.credit-notes-owed" not in [kind for kind, _, _ in books.open_cases()]
