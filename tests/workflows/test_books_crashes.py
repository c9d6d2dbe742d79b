"""The crash matrix of the books: whoever settles is killed at every effect, someone goes on, and the books are the same.

A worker's effects are its commits. A person's upload is broken off after each of its acts; then a worker finishes it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.cli.remitted import export, line
from tests.workflows.bookkeeping import FINA, PARTNER, Bookkeeping, invoice
from tests.workflows.conftest import NewDatabase
from tests.workflows.crashing import Fate, kill_everywhere, outlive
from trueup.durable.in_process import Crashed
from trueup.durable.simulated import run_until
from trueup.simulation.ledger import read_ledger
from trueup.storage.database import Database
from trueup.workflows import settle_remittance
from trueup.workflows.import_remittances import Upload, begin_upload, finish_import, settle_upload
from trueup.workflows.settle_remittance import archive_remittance

Ledger = dict[str, Any]
FIRST = export(
    "700100,1380.00",
    "700101,290.00",
    "700102,-45.00",
    lines=(
        line("700100", "INV-1", "980.00", discount="20.00"),
        line("700100", "INV-2", "500.00"),
        line("700100", "INV-1SC", "-90.00"),
        line("700100", "XQZ 77 WHAT", "-10.00"),
        line("700101", "INV-3O01", "200.00", description="4QXYZ12A/PHX3/##NOT_AVAILABLE"),
        line("700101", "4TWINS99", "75.00", description="4TWINS99/PHX3/##NOT_AVAILABLE"),
        line("700101", "INV-9", "20.00"),
        line("700102", "1234567890VCBSINV", "-5.00"),
        line("700102", "INV-2SC", "-40.00"),
    ),
)
"""Discount, claims, an unknown form, a slipped number, two invoices alike, an invoice that comes later."""
SECOND = export(
    "700102,-45.00",
    "700103,90.00",
    lines=(
        line("700102", "INV-2SC", "-40.00"),
        line("700102", "1234567890VCBSINV", "-5.00"),
        line("700103", "INV-1SCR", "90.00"),
    ),
)
"""A payment told again, and the claim given back."""


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several batches of a file of nine lines."""
    monkeypatch.setattr(settle_remittance, "BATCH_LINES", 4)


def _open(database: Database) -> Bookkeeping:
    books = Bookkeeping(database)
    books.bill(
        invoice("INV-1", 1000_00),
        invoice("INV-2", 500_00),
        invoice("INV-3001", 200_00, purchase_order="4QXYZ12A"),
        invoice("INV-4", 75_00, purchase_order="4TWINS99"),
        invoice("INV-5", 75_00, purchase_order="4TWINS99"),
    )
    return books


def _work(books: Bookkeeping) -> None:
    until = books.clock.now() + timedelta(minutes=10)
    outlive(books.engine, lambda: run_until(books.engine, books.clock, until))


def _ledger(books: Bookkeeping) -> Ledger:
    """The books whole, with every entry; and every document."""
    with books.database.transaction() as connection:
        ledger = read_ledger(lambda text: connection.exec_driver_sql(text).all(), {})
        documents = connection.exec_driver_sql("SELECT count(DISTINCT digest) FROM trueup.documents").scalar_one()
    rows = {name: sorted(map(str, found)) for name, found in ledger.items()}
    return {**rows, "documents": documents}


def _by_worker(database: Database, fate: Fate) -> Ledger:
    books = _open(database)
    books.engine.fate = fate
    for name, text in (("first.csv", FIRST), ("second.csv", SECOND)):
        books.act(archive_remittance, text.encode(), name, PARTNER, FINA)
        _work(books)
    books.bill(invoice("INV-9", 20_00))
    _work(books)
    return _ledger(books)


def _by_person(database: Database, breaks_at: int | None) -> tuple[int, Ledger]:
    """`breaks_at`: after which of the person's acts the program dies, with the act done and nobody told."""
    books, count = _open(database), 0

    def act(fn: Callable[..., Any], *args: Any) -> Any:
        nonlocal count
        result = books.act(fn, *args)
        count += 1
        if count == breaks_at:
            raise Crashed(f"act {count}")
        return result

    for name, text in (("first.csv", FIRST), ("second.csv", SECOND)):
        upload = Upload(text.encode(), name, PARTNER, FINA)
        try:
            begun = begin_upload(act, upload)
            settle_upload(act, begun, lambda _lines: None)
            act(finish_import, PARTNER, begun.payments, 0)
        except Crashed:
            pass  # the person does not come back
        _work(books)
    books.bill(invoice("INV-9", 20_00))
    _work(books)
    return count, _ledger(books)


def test_a_worker_killed_at_any_effect_leaves_the_same_books(new_database: NewDatabase) -> None:
    """Entries, suspense, claims, invoices, cases and documents, to the line."""

    def live(fate: Fate) -> Ledger:
        with new_database() as database:
            return _by_worker(database, fate)

    wanted = kill_everywhere(live)
    assert any("remittance.contested" in row for row in wanted["cases"])


def test_a_person_whose_upload_breaks_off_anywhere_leaves_the_same_books(new_database: NewDatabase) -> None:
    """After each act the program dies, and a worker finishes what was begun."""
    with new_database() as database:
        acts, wanted = _by_person(database, None)
    assert acts > 8, "the acts were not counted"
    for breaks_at in range(1, acts + 1):
        with new_database() as database:
            _, found = _by_person(database, breaks_at)
        assert found == wanted, f"broken off after act {breaks_at} of {acts}"
