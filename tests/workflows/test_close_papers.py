"""The papers of a close as long work: PDF, XLSX, JSON, the journal's lines, and a zip whose hashes are those of its papers."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import date

import pytest

from tests.workflows.bookkeeping import FINA, Bookkeeping, line, payment
from trueup.base.errors import Refused
from trueup.domain.cases import Role
from trueup.domain.closing import Month
from trueup.storage import jobs
from trueup.storage.database import Database
from trueup.workflows.approve_proposal import approve_proposal
from trueup.workflows.close_month import propose_closing
from trueup.workflows.jobs.write_close_papers import ask_papers
from trueup.workflows.papers import SUMS
from trueup.workflows.resolve_case import Person

OTTO = Person("Otto", frozenset({Role.FINANCE}))
OCTOBER = Month(date(2026, 10, 1))


def papers_of(books: Bookkeeping) -> tuple[jobs.Job, dict[str, bytes]]:
    """A worker writes them; each by its name as the archive has it."""
    number = books.act(ask_papers, OCTOBER, FINA)
    books.engine.settle()
    job = books.act(lambda tx: jobs.load_job(tx.connection, number))
    read = books.world.archive.load_content
    return job, {
        each["name"]: books.act(lambda tx, digest=each["digest"]: read(tx.connection, digest))
        for each in job.result["files"]
    }


def test_the_zip_has_every_paper_with_its_hash_and_is_the_same_ever_after(database: Database) -> None:
    """While the month is open the papers say so; of a closed one they are the archived ones, byte for byte, whenever written."""
    books = Bookkeeping(database)
    books.take_in(payment("P1", line("WHAT IS THIS", -10_00), line("=1+1", 30_00)))
    with pytest.raises(Refused, match=r"journal\.export"):
        books.act(ask_papers, OCTOBER, Person("Olga", frozenset({Role.OPERATIONS})))
    job, papers = papers_of(books)
    assert (job.state, job.done, job.unit) == ("done", 5, "papers") and "not closed yet" in job.words
    books.act(approve_proposal, books.act(propose_closing, OCTOBER, FINA, "a test").proposal, OTTO)
    job, papers = papers_of(books)
    assert "The month is closed." in job.words
    with zipfile.ZipFile(io.BytesIO(papers["close-2026-10.zip"])) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    rows = [row.split("  ") for row in inside.pop(SUMS).decode().splitlines()]
    sums = {name: digest for digest, name in rows}
    assert inside == {name: content for name, content in papers.items() if not name.endswith(".zip")}
    assert sums == {name: hashlib.sha256(content).hexdigest() for name, content in inside.items()}
    evidence = books.rows("SELECT evidence FROM trueup.closed_months")[0][0]
    assert sums["close-2026-10.json"] == evidence
    assert (
        inside["close-2026-10-journal.csv"].decode().count("\n")
        == 1 + books.rows("SELECT count(*) FROM trueup.journal_lines")[0][0]
    )
    assert papers_of(books)[1] == papers
