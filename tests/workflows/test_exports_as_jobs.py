"""Exports of the journal as long work: each entry is given once, files stay with their hashes, a worker may die anywhere."""

from __future__ import annotations

import io
from datetime import date

import openpyxl
import pytest

from tests.workflows.bookkeeping import FINA, Bookkeeping, line, payment
from trueup.base.errors import Conflict, NotFound, Refused
from trueup.base.ids import digest_of
from trueup.domain.cases import Role
from trueup.durable.in_process import Crashed
from trueup.storage import jobs
from trueup.storage.database import Database
from trueup.storage.jobs import Job
from trueup.storage.views.journal import EntryFilter
from trueup.workflows import long_work
from trueup.workflows.cancel_job import cancel_job
from trueup.workflows.export_journal import Ledger, Scope
from trueup.workflows.jobs import export_journal, list_journal_lines
from trueup.workflows.jobs.export_journal import ask_export
from trueup.workflows.jobs.list_journal_lines import ask_lines
from trueup.workflows.long_work import Telling, begin_work, do_piece
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

LEDGER = Ledger("USD")
OCTOBER = Scope("csv", date(2026, 10, 1), date(2026, 10, 31))


@pytest.fixture
def books(database: Database, monkeypatch: pytest.MonkeyPatch) -> Bookkeeping:
    """Three payments, of which more than one entry is long work."""
    monkeypatch.setattr(export_journal, "AT_ONCE", 1)
    monkeypatch.setattr(list_journal_lines, "AT_ONCE", 1)
    monkeypatch.setattr(long_work, "_TOLD_EVERY", 1)
    books = Bookkeeping(database)
    for number in range(3):
        books.take_in(payment(f"P{number}", line(f"ZQ-{number}", -10_00), line("=SUM(A1)", 30_00)))
    return books


def job_of(books: Bookkeeping, number: int) -> Job:
    return books.act(lambda tx: jobs.load_job(tx.connection, number))


def content(books: Bookkeeping, job: Job) -> bytes:
    """The one file of a job, whose hash is the one that it says."""
    [file] = job.result["files"]
    found = books.act(lambda tx: books.world.archive.load_content(tx.connection, file["digest"]))
    assert (digest_of(found), len(found)) == (file["digest"], file["size_bytes"])
    return found


def test_a_ledger_is_given_each_entry_once_and_the_file_stays(books: Bookkeeping) -> None:
    """A worker writes it; what was given is not given again unless someone says so, and then from the same bytes on."""
    auditor = Person("Ops", frozenset({Role.OPERATIONS}))
    with pytest.raises(Refused, match=r"journal\.export"):
        books.act(ask_export, OCTOBER, LEDGER, auditor)
    with pytest.raises(NotFound, match="csv"):
        books.act(ask_export, Scope("abacus"), LEDGER, FINA)
    number = books.act(ask_export, OCTOBER, LEDGER, FINA)
    assert (job_of(books, number).state, job_of(books, number).title) == (
        "waiting",
        "Export 3 entries for general CSV from 2026-10-01 to 2026-10-31",
    )
    books.engine.settle()
    job = job_of(books, number)
    assert (job.state, job.done, job.total, job.unit) == ("done", 3, 3, "entries")
    assert job.words == "Export 1: 3 entries for general CSV in 1 file."
    text = content(books, job).decode()
    assert text.startswith("entry_ref,") and text.count("'=SUM(A1)") == 3
    with pytest.raises(Conflict, match="was given every such entry before"):
        books.act(ask_export, OCTOBER, LEDGER, FINA)
    again = books.act(ask_export, Scope("csv", again=True), LEDGER, FINA)
    books.engine.settle()
    assert content(books, job_of(books, again)).decode() == text
    assert books.rows("SELECT count(*) FROM trueup.placed_exports")[0][0] == 2


def test_a_worker_that_is_killed_anywhere_gives_no_entry_twice(books: Bookkeeping) -> None:
    """At every effect of the run: whoever takes over ends with one export, one file and one act."""
    for crash in range(1, 20):
        given = books.rows("SELECT count(*) FROM trueup.exports")[0][0]
        number = books.act(ask_export, Scope("csv", again=given > 0), LEDGER, FINA)
        try:
            books.engine.resume(books.engine.effects + crash)
        except Crashed:
            books.engine.resume()
        else:
            break
        job = job_of(books, number)
        assert (job.state, job.done, job.result["entries"], len(job.result["files"])) == ("done", 3, 3, 1)
        counted = books.rows(
            "SELECT (SELECT count(*) FROM trueup.exports), (SELECT count(*) FROM trueup.exported_entries WHERE export_id = :id),"
            " (SELECT count(*) FROM trueup.acts WHERE act = 'journal.export')",
            id=job.result["export"],
        )[0]
        assert tuple(counted) == (given + 1, 3, given + 1)
    assert crash > 3


def test_what_is_called_off_under_way_was_never_given(books: Bookkeeping) -> None:
    """Its progress is told on the side, so that it can be called off in the middle; then all of it is taken back."""
    number = books.act(ask_export, OCTOBER, LEDGER, FINA)
    assert books.act(begin_work, number) == [None]

    def write_half(tx: Tx) -> None:
        telling = Telling(tx, jobs.load_job(tx.connection, number), 1)
        telling.at(1)
        assert job_of(books, number).done == 1
        assert books.act(cancel_job, number, FINA).startswith("Nothing of it was kept")
        telling.at(2)

    with pytest.raises(Conflict, match="was called off meanwhile"):
        books.act(write_half)
    assert books.act(do_piece, number, None) is None
    books.engine.settle()
    assert job_of(books, number).state == "cancelled" and not books.rows("SELECT 1 FROM trueup.exports")
    assert books.act(ask_export, OCTOBER, LEDGER, FINA) == number + 1


def test_an_export_that_cannot_be_written_says_why_and_gives_nothing(books: Bookkeeping) -> None:
    """A ledger without a currency column takes no foreign entry without a rate."""
    books.take_in(payment("E1", line("EURO", 5_00), currency="EUR"))
    number = books.act(ask_export, Scope("sage-us"), LEDGER, FINA)
    books.engine.settle()
    job = job_of(books, number)
    assert job.state == "failed" and "EUR" in job.words
    assert not books.rows("SELECT 1 FROM trueup.exported_entries")


def test_lines_are_listed_as_the_filters_say_with_totals_that_are_equal(books: Bookkeeping) -> None:
    """XLSX and CSV have the same rows; text is never a formula, and who took them along is recorded."""
    books.take_in(payment("N1", line("NOVEMBER", 7_00), paid_on=date(2026, 11, 1)))
    wanted = EntryFilter(until=date(2026, 10, 31), kind="remittance")
    number = books.act(ask_lines, "xlsx", wanted, FINA)
    books.engine.settle()
    job = job_of(books, number)
    assert job.title == f"{job.total} lines of the journal as XLSX workbook, to 2026-10-31, kind remittance"
    sheet = openpyxl.load_workbook(io.BytesIO(content(books, job))).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:6] == ("Entry", "Day", "Kind", "What", "Account", "Debit")
    assert rows[-1][3:8] == ("Total USD", None, 90, 90, "USD") and len(rows) == int(job.total or 0) + 2
    assert "NOVEMBER" not in str(rows) and "=SUM(A1)" in str(rows)
    number = books.act(ask_lines, "csv", wanted, FINA)
    books.engine.settle()
    text = content(books, job_of(books, number)).decode().splitlines()
    assert len(text) == len(rows) - 1 and text[0].startswith("entry,day,kind,what,account,debit,credit,currency")
    assert books.rows("SELECT count(*) FROM trueup.acts WHERE act = 'journal.listed'")[0][0] == 2
    with pytest.raises(Conflict, match="No line of the journal is like that"):
        books.act(ask_lines, "csv", EntryFilter(account="9999"), FINA)
