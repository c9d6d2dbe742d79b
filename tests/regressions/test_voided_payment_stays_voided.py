"""An export from before a payment was voided, imported after the one that says so, booked the payment again."""

from __future__ import annotations

import pytest

from tests.workflows.bookkeeping import Bookkeeping, invoice, line, payment
from trueup.domain.remittances import PaymentState, RemittanceSource
from trueup.storage.database import Database


@pytest.mark.parametrize("state", [PaymentState.VOIDED, PaymentState.FAILED])
@pytest.mark.parametrize("source", [RemittanceSource.EXPORT, RemittanceSource.X12_820])
def test_an_older_document_does_not_undo_what_became_of_a_payment(
    state: PaymentState, source: RemittanceSource, database: Database
) -> None:
    """In either order nothing is booked, whoever told of it first: a remittance is sent before a payment can come back."""
    books = Bookkeeping(database)
    books.bill(invoice("INV-1", 100_00))
    paid = payment("P1", line("INV-1", 100_00), source=source)
    for number, back_first in enumerate((True, False)):
        first = payment(f"P{number}", *paid.lines, source=source)
        gone = payment(f"P{number}", *paid.lines, state=state)
        books.take_in(*((gone, first) if back_first else (first, gone)))
        assert books.balances() == {}
        assert books.rows("SELECT minor FROM trueup.open_invoices") == [(100_00,)]
    books.check()
