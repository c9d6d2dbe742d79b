"""Lists as long work: a file has the rows of its filter, however many, and is called off or taken up again without a trace."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from tests.filled import fill
from tests.workflows.bookkeeping import FINA, Bookkeeping
from trueup.base.errors import Conflict, Invalid, NotFound
from trueup.base.ids import digest_of
from trueup.durable.in_process import Crashed
from trueup.storage import jobs
from trueup.storage.database import Database
from trueup.storage.jobs import Job
from trueup.storage.views.audit_trail import ActFilter
from trueup.storage.views.case_queue import CaseFilter
from trueup.storage.views.deductions import DeductionFilter
from trueup.storage.views.order_pages import OrderFilter
from trueup.storage.views.waiting_lines import WaitingFilter
from trueup.workflows.cancel_job import cancel_job
from trueup.workflows.jobs import write_list
from trueup.workflows.jobs.write_list import ask_list
from trueup.workflows.long_work import begin_work
from trueup.workflows.written_lists import LISTS, NoFilter, Sorted, read_wanted


@pytest.fixture
def books(database: Database, monkeypatch: pytest.MonkeyPatch) -> Bookkeeping:
    """Lines that nobody recognises, each with its case; more than two rows are long work."""
    monkeypatch.setattr(write_list, "AT_ONCE", 2)
    monkeypatch.setattr(write_list, "_TOLD_EVERY", 1)
    books = Bookkeeping(database)
    books.take_in_waiting(*(f"=ZQX {number} WHAT" for number in range(4)))
    return books


def job_of(books: Bookkeeping, number: int) -> Job:
    return books.act(lambda tx: jobs.load_job(tx.connection, number))


def written(books: Bookkeeping, name: str, form: str, wanted: Any) -> tuple[Job, bytes]:
    """What a list was written as."""
    number = books.act(ask_list, name, form, wanted, FINA)
    books.engine.settle()
    job = job_of(books, number)
    [file] = job.result["files"]
    content = books.act(lambda tx: books.world.archive.load_content(tx.connection, file["digest"]))
    assert digest_of(content) == file["digest"]
    return job, content


def test_a_list_of_any_length_has_the_rows_of_its_filter(books: Bookkeeping) -> None:
    """Cases as both forms and lines in suspense: as many as there are, and no cell is a formula."""
    count = int(books.rows("SELECT count(*) FROM trueup.cases WHERE state = 'open'")[0][0])
    assert count > 2
    job, content = written(books, "cases", "csv", CaseFilter())
    assert (job.state, job.done, job.total, job.unit) == ("done", count, count, "cases")
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert [int(row["case"]) for row in rows] == sorted(int(row["case"]) for row in rows) and len(rows) == count
    job, content = written(books, "cases", "xlsx", CaseFilter(kind="remittance."))
    assert job.title == "Cases as XLSX workbook, tab open, kind remittance."
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None and sheet.max_row == int(job.total or 0) + 1
    lines = int(books.rows("SELECT count(*) FROM trueup.suspense")[0][0])
    job, content = written(books, "waiting-lines", "xlsx", WaitingFilter())
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["Lines", "Types"] and book["Lines"].max_row == lines + 1 == int(job.total or 0) + 1
    assert all(cell.data_type != "f" for row in book["Lines"].iter_rows() for cell in row)


def test_orders_and_products_are_written_beyond_a_thousand(books: Bookkeeping) -> None:
    """They are walked a part at a time; what a filter leaves away is not there."""
    with books.database.engine.begin() as connection:
        partner = "CASE WHEN n % 3 = 0 THEN 'amazon-de' ELSE 'amazon-us' END"
        fill(connection, "orders", (1, 2500), {"partner": partner, "number": "'PO' || n", "state": "'open'"})
        fill(connection, "products", (1, 1500), {"title": "'Thing ' || n", "case_size": "6"})
    _, content = written(books, "orders", "csv", Sorted(OrderFilter(partner="amazon-de"), "due"))
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert len({row["number"] for row in rows}) == len(rows) == 833
    job, content = written(books, "products", "csv", NoFilter())
    assert content.count(b"\n") == int(job.total or 0) + 1 == 1501


def test_the_audit_trail_and_deductions_are_written_whole(books: Bookkeeping) -> None:
    """Beyond a page that is walked, each row once; what was before and after as JSON, amounts as numbers with their currency."""
    with books.database.engine.begin() as connection:
        told = {"act": "'case.commented'", "subject": "'case ' || n", "after": """'{"text": "=1+1"}'"""}
        fill(connection, "acts", (1, 1200), {"actor": "CASE WHEN n % 2 = 0 THEN 'Fina' ELSE 'trueup' END", **told})
        chain = {
            "partner": "'amazon-us'",
            "claim": "'shortage/INV' || n",
            "currency": "'USD'",
            "type": "'shortage-claim'",
        }
        fill(
            connection,
            "claims",
            (1, 1100),
            {**chain, "taken_minor": "n + 100", "given_minor": "100", "lost_minor": "0"},
        )
    since = books.clock.now() - timedelta(days=36500)
    job, content = written(books, "acts", "csv", ActFilter(actor="Fina", act="case.commented", since=since))
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert len({row["id"] for row in rows}) == len(rows) == job.total == 600
    assert {(row["actor"], row["after"]) for row in rows} == {("Fina", '{"text": "=1+1"}')}
    _, content = written(books, "deductions", "csv", DeductionFilter(currency="USD"))
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert len({row["claim"] for row in rows}) == len(rows) == 1100
    assert sum(Decimal(row["held"]) for row in rows) == Decimal(sum(range(1, 1101))) / 100
    assert all(
        Decimal(row["taken"]) - Decimal(row["given"]) - Decimal(row["lost"]) == Decimal(row["held"]) for row in rows
    )


def test_a_short_list_is_written_at_once_and_an_empty_one_is_a_conflict(books: Bookkeeping) -> None:
    before = books.engine.effects
    number = books.act(ask_list, "cases", "csv", CaseFilter(words="=ZQX 1"), FINA)
    assert job_of(books, number).state == "done" and books.engine.effects == before
    with pytest.raises(Conflict, match="none is like that"):
        books.act(ask_list, "cases", "csv", CaseFilter(words="weather"), FINA)
    with pytest.raises(NotFound, match="expected one of cases"):
        books.act(ask_list, "weather", "csv", NoFilter(), FINA)
    with pytest.raises(NotFound, match="Orders come as csv"):
        books.act(ask_list, "orders", "xlsx", Sorted(OrderFilter()), FINA)
    with pytest.raises(Invalid, match="no filter of them"):
        read_wanted(LISTS["cases"], {"tab": 3})


def test_a_list_that_is_called_off_or_whose_worker_dies_is_kept_once_or_not_at_all(books: Bookkeeping) -> None:
    number = books.act(ask_list, "cases", "csv", CaseFilter(), FINA)
    books.act(begin_work, number)
    assert books.act(cancel_job, number, FINA) == "Nothing of it was kept."
    books.engine.settle()
    assert job_of(books, number).state == "cancelled" and not books.rows(
        "SELECT 1 FROM trueup.documents WHERE kind = 'list'"
    )
    for crash in range(1, 20):
        number = books.act(ask_list, "cases", "csv", CaseFilter(), FINA)
        try:
            books.engine.resume(books.engine.effects + crash)
        except Crashed:
            books.engine.resume()
        else:
            break
        job = job_of(books, number)
        assert (job.state, len(job.result["files"])) == ("done", 1) and job.done == job.total
    assert crash > 3
