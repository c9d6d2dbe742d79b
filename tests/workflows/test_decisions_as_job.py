"""Sheets of decisions about cases: archived, read at once or by a worker, tried, done without what was refused, told by cell."""

from __future__ import annotations

import pytest

from tests.workflows.bookkeeping import FINA, Bookkeeping
from tests.workflows.test_many_cases import OLGA, job_of, opened
from trueup.base.errors import Conflict, Refused
from trueup.base.money import Money
from trueup.domain.cases import Resolution
from trueup.durable.in_process import Crashed
from trueup.storage.cases import load_case
from trueup.storage.database import Database
from trueup.workflows import cases_as_job, hand_in_decisions
from trueup.workflows.carry_out_tried import carry_out_job
from trueup.workflows.hand_in_decisions import HandedInDecisions
from trueup.workflows.resolve_case import resolve_case


@pytest.fixture
def books(database: Database, monkeypatch: pytest.MonkeyPatch) -> Bookkeeping:
    """More than two cases are long work, done two at a time; a sheet of more than 200 bytes is read by a worker."""
    monkeypatch.setattr(cases_as_job, "AT_ONCE", 2)
    monkeypatch.setattr(cases_as_job, "_PART", 2)
    monkeypatch.setattr(hand_in_decisions, "LARGE_BYTES", 200)
    return Bookkeeping(database)


def sheet_of(cases: list[int], *more: str) -> bytes:
    """As it was downloaded and filled in: the resolution stands in column C."""
    rows = [f"{case},Stock is short,dismiss,counted" for case in cases]
    return "\n".join(["case,what,resolution,note", *rows, *more]).encode()


def handed_in(books: Bookkeeping, content: bytes, *, tried: bool = True) -> HandedInDecisions:
    return books.act(hand_in_decisions.hand_in_decisions, "cases.csv", content, OLGA, tried=tried)


def states(books: Bookkeeping, cases: list[int]) -> set[str]:
    return {books.act(lambda tx, case=case: load_case(tx.connection, case)).state for case in cases}


@pytest.mark.parametrize("count", [2, 5, 9])
def test_a_sheet_is_tried_and_then_done_with_an_outcome_for_each_row(books: Bookkeeping, count: int) -> None:
    """At once, by a worker, and read by a worker: one row cannot be read, one is of a case that somebody resolved."""
    cases = opened(books, count, "sheet")
    content = sheet_of(cases, "77,,nonsense,", "78,,,no word about it")
    books.act(resolve_case, cases[0], Resolution.DISMISS, OLGA, "counted")
    handed = handed_in(books, content)
    assert handed.job is not None and handed.trouble is None
    books.engine.settle()
    tried = job_of(books, handed.job)
    refused = f"Refused: C2, C{count + 2}."
    assert tried.words == f"{count - 1} of {count + 1} rows would be saved. {refused}"
    assert (
        len(tried.args["notes"]) == 1 and "nonsense" in tried.args["notes"][0] and states(books, cases[1:]) == {"open"}
    )
    with pytest.raises(Refused, match="was tried by"):
        books.act(carry_out_job, handed.job, FINA)
    number = books.act(carry_out_job, handed.job, OLGA)
    books.engine.settle()
    done = job_of(books, number)
    assert done.words == f"Saved {count - 1} of {count + 1} rows. {refused}" and states(books, cases) == {"resolved"}
    with pytest.raises(Conflict, match=f"as job {number}"):
        books.act(carry_out_job, handed.job, OLGA)
    assert books.rows("SELECT digest FROM trueup.documents WHERE kind = 'case-decisions'") == [(handed.digest,)]


def test_rows_are_counted_and_not_their_cells(books: Bookkeeping) -> None:
    """Of a row with two cells that cannot be read both are named, it is one row, and it is kept as it is written, with why."""
    cases = opened(books, 1, "cells")
    handed = handed_in(books, sheet_of(cases, "x7,,nonsense,as it was"))
    assert handed.job is not None
    assert job_of(books, handed.job).words == "1 of 2 rows would be saved. Refused: A3, C3."
    done = job_of(books, books.act(carry_out_job, handed.job, OLGA))
    assert done.words == "Saved 1 of 2 rows. Refused: A3, C3."
    [row] = done.args["sheet"]["unread"]
    assert (row["case"], row["resolution"], row["note"], row["cell"]) == ("x7", "nonsense", "as it was", "A3, C3")
    assert "A3: " in row["why"] and "C3: 'nonsense' is no resolution" in row["why"]


def test_what_was_refused_when_it_was_tried_is_in_the_file_of_what_was_not_done(books: Bookkeeping) -> None:
    """Whole, beside what could not be read, in the order of the rows: what is mended and handed in again leaves nothing out."""
    cases = opened(books, 1, "tried")
    handed = handed_in(books, sheet_of(cases, "999999,,dismiss,of other books", "x7,,nonsense,as it was"))
    assert handed.job is not None
    done = job_of(books, books.act(carry_out_job, handed.job, OLGA))
    assert done.words.startswith("Saved 1 of 3 rows. Refused: ")
    rows = done.args["sheet"]["unread"]
    assert [(row["case"], row["resolution"], row["note"]) for row in rows] == [
        ("999999", "dismiss", "of other books"),
        ("x7", "nonsense", "as it was"),
    ]
    assert "999999" in rows[0]["why"] and rows[0]["cell"] in done.words


def test_what_says_nothing_is_archived_and_told(books: Bookkeeping) -> None:
    """At once, or as the job of a worker that failed; who may decide nothing hands nothing in."""
    for content, words in ((b"%PDF-1.7", "PDF"), (sheet_of([], "7,,nonsense,"), "nonsense"), (sheet_of([]), "No row")):
        handed = handed_in(books, content)
        assert handed.job is None and words in str(handed.trouble)
    long = handed_in(books, sheet_of([], *(f"{case},{'x' * 20},," for case in range(1, 20))))
    assert long.job is not None
    books.engine.settle()
    failed = job_of(books, long.job)
    assert (failed.state, failed.words) == ("failed", "No row of this file says a resolution.")
    assert len(books.rows("SELECT 1 FROM trueup.documents WHERE kind = 'case-decisions'")) == 4


def test_a_worker_that_dies_anywhere_decides_each_row_once(books: Bookkeeping) -> None:
    """What is decided twice would be refused the second time."""
    for crash in range(1, 20):
        cases = opened(books, 9, f"crash {crash}")
        handed = handed_in(books, sheet_of(cases), tried=False)
        assert handed.job is not None
        try:
            books.engine.resume(books.engine.effects + crash)
        except Crashed:
            books.engine.resume()
        else:
            break
        assert job_of(books, handed.job).words == "Saved 9 of 9 rows." and states(books, cases) == {"resolved"}
    assert crash > 5


def test_what_was_tried_is_done_under_the_limit_of_now(books: Bookkeeping) -> None:
    """Not under the one that was in force when it was tried."""
    cases = opened(books, 1, "limit")
    handed = handed_in(books, sheet_of(cases))
    assert handed.job is not None
    later = Bookkeeping(books.database, two_persons_above=Money(1, "USD"))
    asked = later.act(carry_out_job, handed.job, OLGA)
    assert job_of(later, asked).args["limit"] == {"minor": 1, "currency": "USD"}
