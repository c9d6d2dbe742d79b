"""The case of an invoice paid beyond its total was closed when a payment of it was booked again and came to the same."""

from __future__ import annotations

from datetime import date

from tests.workflows.bookkeeping import PARTNER, Bookkeeping, invoice, line, payment
from trueup.storage.database import Database


def test_booking_a_payment_again_for_another_line_of_it_leaves_the_case_open(database: Database) -> None:
    """An invoice that becomes known settles its line; what the payment says of others is as it was."""
    books = Bookkeeping(database)
    books.bill(invoice("INV-1", 100_00))
    books.take_in(payment("P1", line("INV-1", 100_00)))
    books.take_in(payment("P2", line("INV-1", 100_00), line("INV-2", 50_00), paid_on=date(2026, 10, 5)))
    books.bill(invoice("INV-2", 50_00))
    assert books.open_cases() == [("invoice.overpaid", f"invoice {PARTNER}/INV-1", 100_00)]
    books.check()
