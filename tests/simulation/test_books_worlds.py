"""Months of remittances in every source's format, settled: the auditor, who knows the true cause of every cent, agrees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.simulation.settled_history import (
    history,
    import_all_invoices,
    ledger_of,
    open_books,
    settle_history,
    upload,
    violations,
    work,
)
from trueup.simulation.remittances.history import remittance_files
from trueup.storage.database import Database

Ledger = dict[str, Any]
Tampering = Callable[[Ledger], Ledger]


@pytest.mark.parametrize("seed", [0, 1])
def test_no_posting_is_wrong_and_every_plant_is_found(seed: int, database: Database) -> None:
    """0 wrong postings, 0 lost cents, each planted thing a case with its money, and no other; in whatever order files come."""
    files = remittance_files(history(seed))
    Random(seed).shuffle(files)
    books = open_books(database)
    settle_history(books, history(seed), files)
    assert violations(history(seed), ledger_of(books)) == {}


def test_invoices_that_come_last_change_nothing_and_the_auditor_agrees_with_no_tampered_books(
    database: Database,
) -> None:
    """A new customer may begin with remittances; and each way of falsifying the books breaks the statement that is about it."""
    folder, books = history(2), open_books(database)
    upload(books, [*remittance_files(folder)])
    work(books)
    import_all_invoices(books, folder)
    work(books)
    ledger = ledger_of(books)
    assert violations(folder, ledger) == {}
    for name, tamper in TAMPERINGS:
        assert name in violations(folder, tamper(ledger)), name


def test_an_auditor_of_nothing_agrees_with_nothing(tmp_path: Path) -> None:
    """Statements that compared nothing do not hold."""
    (tmp_path / "truth.json").write_text(
        '{"payments": 0, "postings": [], "suspicions": [], "chains": [], "comparisons": [], "voided": [], "invoices": []}'
    )
    tables = ("postings", "entries", "balances", "suspense", "cases", "claims", "invoices", "payments")
    assert len(violations(tmp_path, {"accounts": {}, **{name: [] for name in tables}})) == 8


def _without(table: str, **said: str) -> Tampering:
    """The books without the first row of a table that says so."""

    def tamper(ledger: Ledger) -> Ledger:
        rows = ledger[table]
        gone = next(row for row in rows if all(row[name] == value for name, value in said.items()))
        return {**ledger, table: [row for row in rows if row is not gone]}

    return tamper


def _one_more(table: str, begins: tuple[str, str] = ("", "")) -> Tampering:
    """The books with a cent more in the first row of a table that is not of nothing, and where a column begins so."""

    def tamper(ledger: Ledger) -> Ledger:
        rows, (column, text) = ledger[table], begins
        fitting = [row for row in rows if not column or row[column].startswith(text)]
        changed = next((row for row in fitting if row["minor"]), fitting[0])
        return {**ledger, table: [{**row, "minor": row["minor"] + 1} if row is changed else row for row in rows]}

    return tamper


TAMPERINGS: tuple[tuple[str, Tampering], ...] = (
    ("entries-balance", _one_more("entries")),
    ("every-cent-posted", _one_more("postings")),
    ("every-payment-once", _without("payments")),
    ("suspense-is-cases", _without("cases", kind="remittance.unrecognised")),
    ("suspense-is-cases", _one_more("suspense")),
    ("claims-add-up", _one_more("claims", ("claim", "shortage/"))),
    ("claims-add-up", _without("cases", kind="claim.shortage")),
    ("invoices-open", _one_more("invoices")),
    ("every-plant-found", _without("suspense", kind="remittance.does-not-tie")),
    ("every-plant-found", _without("suspense", kind="remittance.unknown-invoice")),
    ("sources-compared", _without("cases", kind="remittance.sources-differ")),
)
