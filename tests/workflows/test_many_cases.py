"""Many cases at once: tried, done piece by piece, told case by case, called off under way, taken back; and killed anywhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.workflows.bookkeeping import Bookkeeping, line, payment
from trueup.base.clock import write_instant
from trueup.base.errors import Conflict, Refused
from trueup.base.money import Money
from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.domain.chart import Purpose
from trueup.durable.in_process import Crashed
from trueup.storage import jobs
from trueup.storage.cases import load_case, open_case
from trueup.storage.database import Database
from trueup.storage.jobs import Job
from trueup.workflows import cases_as_job
from trueup.workflows.act_on_cases import Acting, CaseAct
from trueup.workflows.answer_case import Answer, answer_case
from trueup.workflows.cancel_job import cancel_job
from trueup.workflows.cases_as_job import (
    Asked,
    ask_acts,
    carry_out,
    preview_acts,
    undo_acts,
)
from trueup.workflows.discuss_case import comment_on, snooze_case, withdraw_comment
from trueup.workflows.long_work import begin_work, do_piece
from trueup.workflows.merge_cases import merge_case
from trueup.workflows.resolve_case import Person, resolve_case
from trueup.workflows.world import Tx

OLGA = Person("Olga", frozenset({Role.OPERATIONS}))
ADMIN = Person("Ana", frozenset({Role.ADMIN}))
FAY = Person("Fay", frozenset({Role.FINANCE}))


@pytest.fixture
def books(database: Database, monkeypatch: pytest.MonkeyPatch) -> Bookkeeping:
    """An installation where more than two cases are long work, done two at a time."""
    monkeypatch.setattr(cases_as_job, "AT_ONCE", 2)
    monkeypatch.setattr(cases_as_job, "_PART", 2)
    return Bookkeeping(database)


def _draft(subject: str) -> CaseDraft:
    risk, allowed = Money(100, "USD"), (Resolution.DISMISS,)
    return CaseDraft("stock.short", subject, "Stock is short", "24", "20", risk, None, "operations", allowed)


def opened(books: Bookkeeping, count: int, about: str) -> list[int]:
    """So many cases that operations decide."""

    def act(tx: Tx) -> list[int]:
        return [open_case(tx.connection, _draft(f"{about} {index}"), tx.now) for index in range(count)]

    return books.act(act)


def dismissing(cases: list[int]) -> Asked:
    return Asked([CaseAct(each, Acting.RESOLVE, "dismiss", "counted") for each in cases], "Decide dismiss")


def job_of(books: Bookkeeping, number: int) -> Job:
    return books.act(lambda tx: jobs.load_job(tx.connection, number))


def states(books: Bookkeeping, cases: list[int]) -> str:
    """One letter a case: o for open, r for resolved."""
    return "".join(books.act(lambda tx: [load_case(tx.connection, each).state.value[0] for each in cases]))


@pytest.mark.parametrize("count", [1, 3])
def test_what_is_said_of_a_case_again_is_refused_and_the_first_is_done(books: Bookkeeping, count: int) -> None:
    """At once and by a worker; the trial says so, and carrying it out does the first."""
    cases = opened(books, count, "twice")
    again = [CaseAct(cases[0], Acting.RESOLVE, "dismiss", "something else")]
    number = books.act(preview_acts, Asked([*dismissing(cases).acts, *again], "Decide dismiss"), OLGA)
    books.engine.settle()
    tried = job_of(books, number)
    assert tried.result["good"] == count and tried.done == count + 1
    assert [(each["case"], each["twice"]) for each in tried.result["refused"]] == [(cases[0], True)]
    assert tried.words == (
        f"{count} of {count + 1} cases would be done. 1 says again what was said of a case before, and would be refused."
    )
    number = books.act(carry_out, number, OLGA)
    books.engine.settle()
    assert job_of(books, number).result["good"] == count and states(books, cases) == "r" * count


def test_what_is_tried_is_done_without_what_was_refused_and_both_are_told(books: Bookkeeping) -> None:
    """A preview changes nothing and starts nothing; what was resolved meanwhile is refused by number; it is done once."""
    cases = opened(books, 5, "tried")
    tried = books.act(preview_acts, dismissing([*cases, 999_999]), OLGA)
    books.engine.settle()
    assert states(books, cases) == "ooooo"
    job = job_of(books, tried)
    assert (job.state, job.done, job.result["good"]) == ("done", 6, 5)
    assert [each["case"] for each in job.result["refused"]] == [999_999]
    books.act(ask_acts, dismissing(cases[:1]), OLGA)
    with pytest.raises(Refused, match="was tried by Olga"):
        books.act(carry_out, tried, FAY)
    number = books.act(carry_out, tried, OLGA)
    with pytest.raises(Conflict, match=f"carried out already, as job {number}"):
        books.act(carry_out, tried, OLGA)
    books.engine.settle()
    job = job_of(books, number)
    assert states(books, cases) == "rrrrr" and job.words.startswith("4 of 5 cases are done. 1 are refused")
    assert job.result["refused"][0]["case"] == cases[0] and "was resolved" in job.result["refused"][0]["why"]
    with pytest.raises(Conflict, match="nothing that could be taken back"):
        books.act(undo_acts, number, OLGA)


def test_five_hundred_with_three_failures_are_497_and_3_by_name(database: Database) -> None:
    """One was resolved by somebody else before its turn, one is merged meanwhile, one is not this role's: each is told with why."""
    books = Bookkeeping(database)
    cases = opened(books, 499, "five hundred")
    foreign = books.act(lambda tx: open_case(tx.connection, replace(_draft("foreign"), kind="claim.shortage"), tx.now))
    number = books.act(ask_acts, dismissing([*cases, foreign]), OLGA)
    books.act(resolve_case, cases[7], Resolution.DISMISS, ADMIN, "seen")
    books.act(merge_case, cases[300], cases[301], OLGA)
    books.engine.settle()
    job = job_of(books, number)
    assert job.words == "497 of 500 cases are done. 3 are refused and stay as they are."
    whys = {each["case"]: each["why"] for each in job.result["refused"]}
    assert whys.keys() == {cases[7], cases[300], foreign}
    assert "by Ana" in whys[cases[7]] and f"into case {cases[301]}" in whys[cases[300]] and "may not" in whys[foreign]


def test_what_can_be_taken_back_leads_to_what_was(books: Bookkeeping) -> None:
    """Assignments and snoozes of each case as they were before, once; who may not is refused case by case."""
    cases = opened(books, 3, "back")
    later = books.clock.now() + timedelta(days=2)
    books.act(snooze_case, cases[0], later, "the buyer is asked", OLGA)
    until = write_instant(books.clock.now() + timedelta(days=5))
    asked = Asked([CaseAct(each, Acting.SNOOZE, until, "all of them") for each in cases], "Put aside")
    number = books.act(ask_acts, asked, OLGA)
    books.engine.settle()
    back = books.act(undo_acts, number, OLGA)
    with pytest.raises(Conflict, match="taken back already"):
        books.act(undo_acts, number, OLGA)
    books.engine.settle()
    assert job_of(books, back).result["good"] == 3
    left = books.rows("SELECT case_id, reason FROM trueup.case_snoozes")
    assert [tuple(row) for row in left] == [(cases[0], "the buyer is asked")]
    auditor = Person("Aude", frozenset({Role.AUDITOR}))
    refused = books.act(ask_acts, Asked([CaseAct(cases[0], Acting.ASSIGN, "Olga")], "Assign"), auditor)
    assert "may not do this" in job_of(books, refused).result["refused"][0]["why"]


def test_what_is_called_off_under_way_stays_and_is_said(books: Bookkeeping) -> None:
    """Of five cases two were done; the worker that goes on finds it called off."""
    cases = opened(books, 5, "called off")
    number = books.act(ask_acts, dismissing(cases), OLGA)
    assert books.act(begin_work, number) == [0, 1, 2]
    assert books.act(do_piece, number, 0)
    stays = books.act(cancel_job, number, OLGA)
    assert stays == "2 of 2 cases are done. That stays, and the rest was not begun."
    assert not books.act(do_piece, number, 1)
    books.engine.settle()
    assert (job_of(books, number).state, states(books, cases)) == ("cancelled", "rrooo")


def test_a_worker_that_is_killed_anywhere_does_each_case_once(books: Bookkeeping) -> None:
    """At every effect of the run: whoever takes over ends with the same outcome, and one act a case."""
    for crash in range(1, 30):
        cases = opened(books, 5, f"killed {crash}")
        number = books.act(ask_acts, dismissing(cases), OLGA)
        try:
            books.engine.resume(books.engine.effects + crash)
        except Crashed:
            books.engine.resume()
        else:
            break
        job = job_of(books, number)
        assert (job.state, job.done, job.result["good"], states(books, cases)) == ("done", 5, 5, "rrrrr")
        acts = books.rows(
            "SELECT count(*) FROM trueup.acts WHERE act = 'case.resolved' AND subject = ANY(:of)",
            of=[f"case {each}" for each in cases],
        )
        assert acts[0][0] == 5
    assert crash > 5


def test_an_answer_says_every_case_that_it_closes(books: Bookkeeping) -> None:
    """Lines of one form wait in one case: one answer books them all, and proposes the rule that would have."""
    books.take_in(payment("P1", line("ZQ-1-LOGI", -10_00), line("ZQ-2-LOGI", -5_00)))
    case = books.case("remittance.unrecognised")
    done = books.act(answer_case, Answer(case, Resolution.CLASSIFY, "co-op", note="a fair", as_rule=True), FAY)
    assert (done.answered.lines, done.answered.amount, done.rule) == (2, Money(-15_00, "USD"), "rule-1")
    assert [number for number, _ in done.closed] == [case]
    assert books.balance(Purpose.CO_OP) == 15_00
    with pytest.raises(Conflict):
        books.act(answer_case, Answer(case, Resolution.CLASSIFY, "co-op"), FAY)


def test_a_comment_is_withdrawn_by_whom_it_is(books: Bookkeeping) -> None:
    """Once, and by nobody else; what was said stays in the trail."""
    [case] = opened(books, 1, "comment")
    comment = books.act(comment_on, case, "ask Amazon", OLGA)
    with pytest.raises(Refused, match="only who said it"):
        books.act(withdraw_comment, case, comment, FAY)
    books.act(withdraw_comment, case, comment, OLGA)
    with pytest.raises(Conflict, match="withdrawn already"):
        books.act(withdraw_comment, case, comment, OLGA)
    assert books.rows("SELECT before FROM trueup.acts WHERE act = 'case.comment-withdrawn'")[0][0] == {
        "text": "ask Amazon"
    }
