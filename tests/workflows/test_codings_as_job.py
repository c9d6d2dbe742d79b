"""Long sheets of lines in suspense: tried and booked by a worker, each line by itself, under one limit of two persons."""

from __future__ import annotations

import pytest

from tests.workflows.bookkeeping import FINA, Bookkeeping, line, payment
from trueup.base.errors import Conflict, Refused
from trueup.base.money import Money
from trueup.domain.cases import Role
from trueup.durable.in_process import Crashed
from trueup.storage import jobs
from trueup.storage.database import Database
from trueup.storage.jobs import Job
from trueup.workflows.approve_proposal import approve_proposal
from trueup.workflows.cancel_job import cancel_job
from trueup.workflows.code_lines import Coding
from trueup.workflows.hand_in_codings import hand_in_codings
from trueup.workflows.import_products import archive_upload
from trueup.workflows.jobs import code_lines
from trueup.workflows.jobs.code_lines import DOCUMENT, Sheet, ask_codings, book_tried
from trueup.workflows.long_work import begin_work, do_piece
from trueup.workflows.resolve_case import Person

BO = Person("Bo", frozenset({Role.FINANCE}))
LIMIT = Money(45_00, "USD")


@pytest.fixture
def books(database: Database, monkeypatch: pytest.MonkeyPatch) -> Bookkeeping:
    """Five payments with a line each that nobody recognises; more than two lines are booked in parts."""
    monkeypatch.setattr(code_lines, "MOST", 2)
    books = Bookkeeping(database)
    books.take_in_waiting(*(f"ZQX {letter} WHAT" for letter in "ABCDE"))
    return books


def with_limit(books: Bookkeeping, limit: Money | None) -> Bookkeeping:
    """The same books, started anew with this limit of two persons in the settings."""
    return Bookkeeping(books.database, two_persons_above=limit)


def job_of(books: Bookkeeping, number: int) -> Job:
    return books.act(lambda tx: jobs.load_job(tx.connection, number))


def waiting(books: Bookkeeping) -> list[tuple[int, int]]:
    """Where the lines wait that nobody recognises."""
    rows = books.rows("SELECT remittance_id, line FROM trueup.suspense WHERE reference LIKE 'ZQX%' ORDER BY 1, 2")
    return [(row[0], row[1]) for row in rows]


def said_of(places: list[tuple[int, int]]) -> list[Coding]:
    return [Coding(*place, "co-op", "", "a fair in May") for place in places]


def test_a_sheet_is_tried_and_then_booked_without_what_was_refused(books: Bookkeeping) -> None:
    """From a file; a row that cannot be read is told, one that is refused leaves the others standing; a trial changes nothing."""
    places = waiting(books)
    assert len(places) == 5
    rows = [f"{remittance},{number},co-op,,a fair" for remittance, number in places]
    sheet = "\n".join(["remittance,line,type,account,note", *rows, "999,1,co-op,,", "x,1,co-op,,"])
    digest = books.act(archive_upload, sheet.encode(), DOCUMENT, "lines.csv", FINA)
    number = books.act(lambda tx: ask_codings(tx, Sheet("lines.csv", file=digest), FINA, tried=True))
    books.engine.settle()
    job = job_of(books, number)
    assert (job.state, job.done, job.total, job.unit) == ("done", 6, 6, "lines")
    assert job.words == "5 of 6 lines would be booked. 1 would be refused and waits as before."
    assert [each["remittance"] for each in job.result["refused"]] == [999] and "row 8" in job.args["notes"][0]
    assert job.result["sums"] == {"USD": -50_00} and waiting(books) == places
    with pytest.raises(Refused, match="was tried by"):
        books.act(book_tried, number, BO)
    done = books.act(book_tried, number, FINA)
    with pytest.raises(Conflict, match=f"as job {done}"):
        books.act(book_tried, number, FINA)
    books.engine.settle()
    assert job_of(books, done).words == "5 of 5 lines are booked." and waiting(books) == []


def test_a_worker_that_dies_anywhere_books_each_line_once(books: Bookkeeping) -> None:
    """What is booked twice would be refused the second time."""
    for crash in range(1, 20):
        places = waiting(books)
        number = books.act(lambda tx: ask_codings(tx, Sheet("s", said_of(places)), FINA, tried=False))  # noqa: B023
        try:
            books.engine.resume(books.engine.effects + crash)
        except Crashed:
            books.engine.resume()
        else:
            break
        job = job_of(books, number)
        assert (job.state, job.result["good"], job.result["refused"]) == ("done", 5, [])
        for each in range(5):
            letter = f"{'ABCDE'[each]}{'FGHIJKLMNOPQRST'[crash % 15]}"
            books.take_in(payment(f"C{crash}-{each}", line(f"ZQX {letter} WHAT", -10_00)))
    assert crash > 4


def test_called_off_under_way_what_is_booked_stays(books: Bookkeeping) -> None:
    number = books.act(lambda tx: ask_codings(tx, Sheet("s", said_of(waiting(books))), FINA, tried=False))
    assert books.act(begin_work, number) == [0, 1, 2]
    books.act(do_piece, number, 0)
    assert books.act(cancel_job, number, FINA) == "2 of 2 lines are booked. That stays, and the rest was not begun."
    books.engine.settle()
    assert len(waiting(books)) == 3 and job_of(books, number).state == "cancelled"


def test_above_the_limit_all_together_are_proposed_and_a_second_person_has_them_booked(books: Bookkeeping) -> None:
    """A part of them would be below it; the trial says so, the proposer may not approve, and a worker books what was approved."""
    books = with_limit(books, LIMIT)
    places, sheet = waiting(books), Sheet("s", said_of(waiting(books)))
    tried = books.act(lambda tx: ask_codings(tx, sheet, FINA, tried=True))
    books.engine.settle()
    assert "5 of 5 lines would be proposed" in job_of(books, tried).words
    assert not books.rows("SELECT 1 FROM trueup.proposals")
    number = books.act(book_tried, tried, FINA)
    books.engine.settle()
    proposal = job_of(books, number).result["proposal"]
    assert waiting(books) == places and f"proposal {proposal} waits" in job_of(books, number).words
    with pytest.raises(Refused):
        books.act(approve_proposal, proposal, FINA)
    approved = books.act(approve_proposal, proposal, BO)
    books.engine.settle()
    assert waiting(books) == [] and job_of(books, approved.outcome["job"]).words == "5 of 5 lines are booked."
    [actor] = {row[0] for row in books.rows("SELECT DISTINCT body ->> 'by' FROM trueup.line_answers WHERE body ? 'by'")}
    assert actor == FINA.name


@pytest.mark.parametrize("limit", [None, LIMIT])
def test_a_line_that_is_said_twice_is_booked_once_as_it_is_said_first(books: Bookkeeping, limit: Money | None) -> None:
    """Though its second stands in another part: the trial, the booking of what was tried and a booking at once say the same."""
    books = with_limit(books, limit)
    places = waiting(books)
    lines = [*said_of(places), Coding(*places[0], "freight", "", "said again"), *said_of(places[:1])]
    sheet, becomes = Sheet("s", lines), "booked" if limit is None else "proposed"
    tried = books.act(lambda tx: ask_codings(tx, sheet, FINA, tried=True))
    books.engine.settle()
    job = job_of(books, tried)
    assert job.words.startswith(
        f"5 of 7 lines would be {becomes}. 2 say again what the sheet says before, and would be refused."
    )
    assert (job.done, job.total, job.result["sums"]) == (7, 7, {"USD": -50_00})
    assert all("twice" in each["why"] for each in job.result["refused"]) and len(job.result["refused"]) == 2
    done = books.act(book_tried, tried, FINA)
    books.engine.settle()
    assert f"5 of 5 lines are {becomes}." in job_of(books, done).words
    if limit is None:
        assert waiting(books) == [] and {each["type"] for each in job_of(books, done).result["told"]} == {"co-op"}


def test_a_line_that_is_said_twice_is_refused_once_where_it_is_booked_untried(books: Bookkeeping) -> None:
    places = waiting(books)
    number = books.act(lambda tx: ask_codings(tx, Sheet("s", said_of([*places, places[0]])), FINA, tried=False))
    books.engine.settle()
    job = job_of(books, number)
    assert (
        job.words == "5 of 6 lines are booked. 1 says again what the sheet says before, and is refused."
        and waiting(books) == []
    )
    assert job.result["sums"] == {"USD": -50_00}


@pytest.mark.parametrize(("before", "now"), [(None, LIMIT), (LIMIT, None)])
def test_what_was_tried_is_booked_under_the_limit_of_now(
    books: Bookkeeping, before: Money | None, now: Money | None
) -> None:
    """Not under the one that was in force when it was tried."""
    books = with_limit(books, before)
    tried = books.act(lambda tx: ask_codings(tx, Sheet("s", said_of(waiting(books))), FINA, tried=True))
    books.engine.settle()
    books = with_limit(books, now)
    done = job_of(books, books.act(book_tried, tried, FINA))
    books.engine.settle()
    done = job_of(books, done.id)
    assert len(waiting(books)) == (0 if now is None else 5)
    assert (done.result["proposal"] is None) is (now is None)


def test_a_sheet_is_archived_before_anything_reads_it(books: Bookkeeping, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is read at once, one that a worker reads, one of too many lines, and one that is no table."""
    rows = "".join(f"{remittance},{number},co-op\n" for remittance, number in waiting(books))
    head = "remittance,line,type\n"
    at_once = books.act(hand_in_codings, "a.csv", f"{head}{rows[: rows.index('op') + 3]}".encode(), FINA, tried=True)
    assert len(at_once.codings) == 1 and at_once.job is None and at_once.trouble is None
    long = books.act(hand_in_codings, "b.csv", f"{head}{rows}x,1,co-op\n".encode(), FINA, tried=False)
    assert long.job is not None and len(long.codings) == 5 and "row 7" in long.notes[0]
    no_table = books.act(hand_in_codings, "c.csv", b"%PDF-1.7 no table", FINA, tried=True)
    assert "PDF" in str(no_table.trouble)
    monkeypatch.setattr("trueup.workflows.hand_in_codings.MOST_LINES", 4)
    many = books.act(hand_in_codings, "d.csv", f"{head}{rows}".encode(), FINA, tried=True)
    assert "5 lines, at most 4" in str(many.trouble) and many.job is None
    kept = {row[0] for row in books.rows("SELECT digest FROM trueup.documents WHERE kind = 'line-codings'")}
    assert kept == {at_once.digest, long.digest, no_table.digest, many.digest}
    with pytest.raises(Refused):
        books.act(hand_in_codings, "e.csv", b"x", Person("Olga", frozenset({Role.OPERATIONS})), tried=True)
