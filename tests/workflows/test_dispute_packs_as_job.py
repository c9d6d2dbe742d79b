"""Dispute packs of a whole queue as long work: each made once whatever dies, kept when the rest is called off, in one zip."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from datetime import date

import pytest

from tests.workflows.bookkeeping import FINA, Bookkeeping, invoice, line, payment
from trueup.base.errors import Conflict, Refused
from trueup.domain.cases import Role
from trueup.durable.in_process import Crashed
from trueup.storage import jobs
from trueup.storage.database import Database
from trueup.storage.jobs import Job
from trueup.workflows.cancel_job import cancel_job
from trueup.workflows.jobs.make_dispute_packs import ask_packs
from trueup.workflows.long_work import begin_work, do_piece
from trueup.workflows.papers import SUMS
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

COMPANY = "Riverside Wares"


@pytest.fixture
def books(database: Database) -> Bookkeeping:
    """Three shortage claims that can be disputed."""
    kept = Bookkeeping(database)
    for number in range(3):
        name = f"INV-{number}"
        kept.bill(invoice(name, 100_00, due_on=date(2026, 9, 1), purchase_order="4QXYZ12A"))
        told = f"payment {number}"
        kept.take_in(payment(f"P{number}", line(name, 100_00), line(f"{name}SC", -30_00)), document=told)
        kept.act(archive, told.encode())
    kept.act(archive, b"invoices")
    return kept


def archive(tx: Tx, content: bytes) -> None:
    """The document whose hash the books have as evidence."""
    tx.resources.keep(tx.connection, content, kind="remittance", source="amazon-us", name="document")


def job_of(books: Bookkeeping, number: int) -> Job:
    return books.act(lambda tx: jobs.load_job(tx.connection, number))


def kept(books: Bookkeeping, kind: str = "dispute-pack") -> int:
    return int(books.rows("SELECT count(*) FROM trueup.documents WHERE kind = :kind", kind=kind)[0][0])


def test_all_packs_are_in_one_zip_with_their_hashes(books: Bookkeeping) -> None:
    """A list says which lack evidence; the claims of no partner or family are none, and operations makes none."""
    with pytest.raises(Refused, match=r"claims\.dispute"):
        books.act(ask_packs, "", "", COMPANY, Person("Olga", frozenset({Role.OPERATIONS})))
    with pytest.raises(Conflict, match="No claim of these"):
        books.act(ask_packs, "amazon-de", "", COMPANY, FINA)
    number = books.act(ask_packs, "", "shortage", COMPANY, FINA)
    books.engine.settle()
    job = job_of(books, number)
    assert (job.state, job.done, job.total, job.words) == ("done", 3, 3, "3 packs are made and in one zip.")
    assert any("lack evidence" in note for note in job.result["notes"])
    first = books.act(lambda tx: books.world.archive.load_content(tx.connection, job.result["files"][0]["digest"]))
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    listed = list(csv.DictReader(io.StringIO(inside.pop("packs.csv").decode())))
    sums = [row.split("  ") for row in inside.pop(SUMS).decode().splitlines()]
    assert {name: digest for digest, name in sums} == {
        name: hashlib.sha256(content).hexdigest() for name, content in inside.items()
    }
    assert {each["file"] for each in listed} == set(inside) and {each["amount"] for each in listed} == {"30.00"}
    with zipfile.ZipFile(io.BytesIO(next(iter(inside.values())))) as pack:
        assert "dispute.pdf" in pack.namelist()


def test_a_worker_that_is_killed_anywhere_makes_each_pack_once(books: Bookkeeping) -> None:
    """At every effect of the run: whoever takes over ends with three packs, one zip and one act."""
    for crash in range(1, 20):
        before = kept(books)
        number = books.act(ask_packs, "", "", COMPANY, FINA)
        try:
            books.engine.resume(books.engine.effects + crash)
        except Crashed:
            books.engine.resume()
        else:
            break
        job = job_of(books, number)
        assert (job.state, job.done, len(job.result["files"]), kept(books) - before) == ("done", 3, 4, 4)
    assert crash > 5
    assert books.rows("SELECT count(*) FROM trueup.acts WHERE act = 'claims.packed'")[0][0] == crash


def test_what_is_called_off_keeps_the_packs_that_are_made(books: Bookkeeping) -> None:
    """One of three is made; the worker that goes on makes no other."""
    number = books.act(ask_packs, "", "", COMPANY, FINA)
    pieces = books.act(begin_work, number)
    assert pieces is not None and len(pieces) == 3
    books.act(do_piece, number, pieces[0])
    assert books.act(cancel_job, number, FINA).startswith("1 of 3 packs are made and stay")
    books.engine.settle()
    assert (job_of(books, number).state, kept(books)) == ("cancelled", 1)
