"""The bank's statements and Amazon's own word on invoices, in a simulated history: every plant is found, and nothing else."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from random import Random

import pytest

from tests.simulation.settled_history import history, open_books, settle_history, work
from tests.workflows.bookkeeping import FINA, Bookkeeping
from trueup.formats.remittance.finance_invoices import read_invoice
from trueup.simulation.remittances.world import History
from trueup.simulation.remittances.writers.amazon_api import as_json, invoice_documents
from trueup.storage.amazon_invoices import save_witness
from trueup.storage.database import Database
from trueup.workflows.import_bank import import_bank
from trueup.workflows.prove_books import prove
from trueup.workflows.tie_bank import BankFile
from trueup.workflows.world import Tx

_KINDS = {
    "bank-missing": "bank.paid-not-received",
    "bank-other-amount": "bank.other-amount",
    "bank-unannounced": "bank.received-not-announced",
}
LAST = date(2026, 10, 31)


def found(books: Bookkeeping, prefix: str) -> list[tuple[str, int]]:
    """Kind and cents of the open cases of these kinds."""
    return sorted((kind, risk) for kind, _, risk in books.open_cases() if kind.startswith(prefix))


def planted(folder: Path) -> list[tuple[str, int]]:
    """What is wrong at the bank."""
    truth = json.loads((folder / "truth.json").read_text())
    said = [each for each in truth["suspicions"] if each["kind"] in _KINDS]
    return sorted((_KINDS[each["kind"]], abs(each["minor"])) for each in said)


@pytest.mark.parametrize("seed", [0, 3])
def test_every_plant_at_the_bank_is_found_and_no_false_one(database: Database, seed: int) -> None:
    """Missing, of another amount, unannounced: to the cent, whatever comes first, statements or remittances."""
    folder = history(seed)
    books = open_books(database)
    fees = "".join(f"RIVERSIDE-{each},2026-11-10,-1.00,{each},BANK,FEE\n" for each in ("EUR", "GBP", "INR", "USD"))
    later = f"account,date,amount,currency,payer,text\n{fees}".encode()
    statements = sorted((folder / "bank").iterdir())
    Random(seed).shuffle(statements)
    for path in statements[: len(statements) // 2]:
        books.act(import_bank, BankFile(path.read_bytes()), FINA)
    settle_history(books, folder)
    work(books)
    for path in statements:
        books.act(import_bank, BankFile(path.read_bytes()), FINA)
    books.act(import_bank, BankFile(later), FINA)  # till then, a payment of the last days might have come
    assert found(books, "bank.") == planted(folder)


def test_amazon_agrees_with_a_history_that_is_told_truly(database: Database) -> None:
    """Its word on thousands of invoice lines, with claims, discounts and credit notes: no false difference."""
    folder = history(0)
    books = open_books(database)
    settle_history(books, folder)
    work(books)
    periods = list(History(0).periods())
    invoices = [each for period in periods for each in period.invoices]
    payments = [each for period in periods for each in period.payments]
    documents = invoice_documents(invoices, payments, LAST)

    def save(tx: Tx) -> None:
        for invoice, document in zip((i for i in invoices if i.issued_on <= LAST), documents, strict=True):
            reading = read_invoice(as_json([document])[1:-1])
            (said,) = reading.values
            save_witness(tx.connection, invoice.market.partner, said, reading.evidence, tx.now)

    books.act(save)
    books.act(prove, "amazon-invoices")
    assert found(books, "invoice.amazon") + found(books, "remittance.missing") == []
