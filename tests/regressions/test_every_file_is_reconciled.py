"""A partner's remittances were reconciled once: what was asked for after that had the name of a run that was done already."""

from __future__ import annotations

from datetime import timedelta

from tests.cli.remitted import export, line
from tests.workflows.bookkeeping import FINA, PARTNER, Bookkeeping, invoice
from trueup.durable.simulated import run_until
from trueup.storage.database import Database
from trueup.workflows.import_invoices import import_invoices
from trueup.workflows.settle_remittance import archive_remittance

ORDER = "4QXYZ12A/PHX3/##NOT_AVAILABLE"
LATE = "number,partner,payee,issued,due,currency,total,tax,purchase_order\nINV-2003,{},NORDA,2026-09-01,,USD,300.00,0.00,4QXYZ12A\n"


def test_what_a_second_file_leaves_open_is_matched_and_so_is_what_invoices_explain(database: Database) -> None:
    """Each file, and each import of invoices, has what waits held against all that is open soon after it."""
    books = Bookkeeping(database)
    books.bill(*(invoice(f"INV-200{n}", n * 100_00, purchase_order="4QXYZ12A") for n in (1, 2)))
    for number in (1, 2, 3):
        amount = f"{number * 100}.00"
        text = export(
            f"70010{number},{amount}", lines=(line(f"70010{number}", f"INV-2O0{number}", amount, description=ORDER),)
        )
        books.act(archive_remittance, text.encode(), "Payments.csv", PARTNER, FINA)
        run_until(books.engine, books.clock, books.clock.now() + timedelta(minutes=10))
        assert [case[0] for case in books.open_cases()] == ["remittance.unknown-invoice"] * (number == 3)
    books.act(import_invoices, LATE.format(PARTNER).encode(), FINA)
    run_until(books.engine, books.clock, books.clock.now() + timedelta(minutes=10))
    assert books.open_cases() == []
    assert books.rows("SELECT * FROM trueup.open_invoices") == []
    books.check()
