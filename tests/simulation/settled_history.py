"""A simulated history taken through the books: its files by the flows that a person's upload starts, then the auditor."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tests.workflows.bookkeeping import FINA, Bookkeeping
from trueup.durable.simulated import run_until
from trueup.simulation.auditor import audit_books
from trueup.simulation.ledger import read_ledger
from trueup.simulation.remittances.causes import MARKETS
from trueup.simulation.remittances.history import INVOICES, remittance_files, write_history
from trueup.storage.database import Database
from trueup.workflows.import_invoices import import_invoices
from trueup.workflows.settle_remittance import archive_remittance

PARTNERS = tuple(market.partner for market in MARKETS)
LONG_ENOUGH = timedelta(minutes=15)


def open_books(database: Database) -> Bookkeeping:
    """Books of a vendor who sells to every market of the simulated world."""
    books = Bookkeeping(database)
    (only,) = books.world.partners.values()
    object.__setattr__(books.world, "partners", dict.fromkeys(PARTNERS, only))
    return books


def import_all_invoices(books: Bookkeeping, folder: Path) -> None:
    """Every file of invoices, by the act that the command line calls."""
    for path in sorted((folder / INVOICES).iterdir()):
        done = books.act(import_invoices, path.read_bytes(), FINA)
        assert not done.findings and not done.different


def upload(books: Bookkeeping, files: Iterable[tuple[Path, str]]) -> None:
    """Files are archived one after the other; nobody waits for them, so that a worker settles them."""
    for path, partner in files:
        books.act(archive_remittance, path.read_bytes(), path.name, partner, FINA)
        books.clock.advance(timedelta(seconds=1))


def work(books: Bookkeeping) -> None:
    """Let everything happen that is due, and what follows from it."""
    run_until(books.engine, books.clock, books.clock.now() + LONG_ENOUGH)


def settle_history(books: Bookkeeping, folder: Path, files: Sequence[tuple[Path, str]] | None = None) -> None:
    """A whole history, its files in the order given."""
    import_all_invoices(books, folder)
    upload(books, remittance_files(folder) if files is None else files)
    work(books)


def ledger_of(books: Bookkeeping) -> dict[str, Any]:
    """The books' tables as the auditor reads them."""
    purposes = {code: purpose.value for purpose, code in books.world.books.chart.purposes.items()}
    with books.database.transaction() as connection:
        return read_ledger(lambda text: connection.exec_driver_sql(text).all(), purposes)


def violations(folder: Path, ledger: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """What breaks the auditor's statements, by statement."""
    truth = json.loads((folder / "truth.json").read_text())
    return {each.name: each.violations[:8] for each in audit_books(truth, ledger) if not each.holds}


@cache
def history(seed: int, months: int = 1) -> Path:
    """The files of a seed, written once a process."""
    folder = Path(mkdtemp(prefix="trueup-history-"))
    write_history(folder, seed, months)
    return folder
