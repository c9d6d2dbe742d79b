"""A watched folder may receive remittances and bank statements beside orders: recognised by format, settled and tied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.remitted import export, line
from tests.workflows.bookkeeping import PARTNER, Bookkeeping, invoice
from tests.x12_text import group, interchange, transaction
from trueup.app import FLOWS
from trueup.connectors.folder import Folder, FolderPlaces
from trueup.domain.chart import Purpose
from trueup.domain.partners import Route
from trueup.durable.engine import Program
from trueup.durable.in_process import InProcessEngine
from trueup.durable.simulated import run_until
from trueup.remote.connections import Connections
from trueup.storage.database import Database
from trueup.workflows.receive_files import ensure_looks
from trueup.workflows.world import PartnerRoutes

PAYMENTS = export("700100,70.00", lines=(line("700100", "INV-1", "100.00"), line("700100", "INV-1SC", "-30.00")))
BANK = "account,date,amount,currency,payer,text\nACC-1,2026-10-16,70.00,USD,AMAZON,AMAZON PAYMENT 700100\n"
ADVICE_820 = interchange(
    group(
        "RA",
        7,
        transaction(
            "820",
            "0001",
            "BPR*I*50.00*C*ACH************20261015",
            "TRN*1*700200",
            "CUR*PR*USD",
            "N1*PE*NORDA*92*NORDA",
            "ENT*1",
            "RMR*IV*INV-2**50.00*50.00",
            "DTM*003*20260901",
        ),
    ),
    control=7,
)


@pytest.fixture
def books(database: Database, tmp_path: Path) -> Iterator[Bookkeeping]:
    """Books with a folder of EDI that is looked into; two invoices are known."""
    books = Bookkeeping(database)
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    folder = Folder(FolderPlaces("papers", tmp_path / "in", tmp_path / "out", None, 0.0), books.clock)
    routes = PartnerRoutes(document_source="papers", acknowledgements={Route.EDI: "papers"})
    books.world = replace(
        books.world,
        connections=Connections(document_sources={"papers": folder}, document_sinks={"papers": folder}),
        routes={PARTNER: routes},
    )
    books.engine = InProcessEngine(database.engine, Program(books.world, FLOWS, books.clock))
    books.bill(invoice("INV-1", 100_00), invoice("INV-2", 50_00))
    books.engine.act(ensure_looks)
    yield books


def arrive(books: Bookkeeping, tmp_path: Path, **files: str) -> None:
    """Files are left in the folder, and time passes."""
    for name, text in files.items():
        (tmp_path / "in" / name.replace("_", ".")).write_text(text)
    run_until(books.engine, books.clock, books.clock.now() + timedelta(minutes=8))


def test_remittances_and_statements_are_settled_and_tied(books: Bookkeeping, tmp_path: Path) -> None:
    """In any order and again; an 820 is answered with a 997 as every set is."""
    arrive(books, tmp_path, b_csv=BANK, p_csv=PAYMENTS)
    assert books.balance(Purpose.CASH) == 70_00 and books.balance(Purpose.DISPUTED) == 30_00
    assert [case[0] for case in books.open_cases()] == ["claim.shortage"]
    assert books.rows("SELECT payments, rule FROM trueup.bank_ties") == [([f"{PARTNER}/700100"], "payment-number")]
    arrive(books, tmp_path, a_edi=ADVICE_820, again_csv=PAYMENTS, b_csv=BANK)
    assert books.balance(Purpose.CASH) == 120_00
    (answer,) = (tmp_path / "out").glob("*.edi")
    assert "AK1*RA*7" in answer.read_text() and "AK9*A*1*1*1" in answer.read_text()
    assert list((tmp_path / "in").glob("*.*")) == []
    books.check()


def test_what_is_neither_is_a_case_as_before(books: Bookkeeping, tmp_path: Path) -> None:
    """Invoices have their command; a statement that cannot be read whole is left to a person."""
    arrive(
        books,
        tmp_path,
        i_csv="number,partner,issued,currency,total\nI1,amazon-us,2026-10-01,USD,1.00\n",
        s_csv=BANK + "ACC-1,2026-10-17,much,USD,AMAZON,x\n",
        n_csv="date,amount,currency,payer,text\n2026-10-16,1.00,USD,AMAZON,x\n",
    )
    titles = sorted(row[0] for row in books.rows("SELECT title FROM trueup.cases WHERE state = 'open'"))
    assert len(titles) == 3
    assert "expected orders, remittances, bank statements or stock counts" in titles[0]
    assert "--account" in titles[1] and "nothing of it was taken in" in titles[2]
    assert books.rows("SELECT count(*) FROM trueup.bank_lines") == [(0,)]
