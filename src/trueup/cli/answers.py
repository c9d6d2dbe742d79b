"""Answers of finance to cases of the books: say what lines are, choose an explanation, give a claim up, post what came late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from trueup.base.money import Money
from trueup.cli.frame import By, Result, Session, command, person_of
from trueup.cli.statements import grouped
from trueup.workflows.answer_suspense import Answered, choose_rival, post_now
from trueup.workflows.draft_rules import rule_of_case
from trueup.workflows.keep_rules import propose_rule
from trueup.workflows.limit_codings import classify_within
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx
from trueup.workflows.write_off import write_off_claim

group = typer.Typer()
Wanted = Annotated[int, typer.Argument(help="The case's id.")]
Note = Annotated[str, typer.Option(help="Why, in words.")]


@command(
    group,
    "classify",
    writes=True,
    example="trueup cases classify 7 allowance-freight --propose-rule --by 'Fay Finance'",
)
def classify(
    session: Session,
    case: Wanted,
    type_: Annotated[str, typer.Argument(help="The deduction type; docs/deductions.md lists them.", metavar="TYPE")],
    by: By,
    account: Annotated[str, typer.Option(help="Post to this account rather than the type's.", metavar="CODE")] = "",
    note: Note = "",
    propose: Annotated[
        bool,
        typer.Option("--propose-rule", help="Propose the rule that would have said so; a second person approves it."),
    ] = False,
) -> Result:
    """Say what the lines of a case are; the books follow at once. Above the two-person limit it is only proposed."""

    def answer(tx: Tx, person: Person, limit: Money | None) -> tuple[Answered, str]:
        wanted = rule_of_case(tx, case, type_, account, note) if propose else None
        done = classify_within(tx, case, (type_, account, note), person, limit)
        return done, propose_rule(tx, wanted, person).rule.id if wanted is not None else ""

    with session.open() as app:
        person = person_of(app.settings.people, by)
        limit = app.settings.two_persons_above
        done, rule = app.act(session.dry_run, lambda tx: answer(tx, person, limit))
    more = f" Rule {rule} is proposed: try it with `trueup rules try {rule}`, and have it approved." if rule else ""
    what = f"classified as {type_}"
    if done.proposal is not None:
        what, more = (
            f"proposed to be {what}",
            f"{more} A second person approves it: trueup cases approve {done.proposal}.",
        )
    return _told(session, done, what, rule=rule or None, proposal=done.proposal, more=more)


@command(group, "choose", writes=True, example="trueup cases choose 8 1 --by 'Fay Finance'")
def choose(
    session: Session,
    case: Wanted,
    explanation: Annotated[int, typer.Argument(help="Its number, as `cases show` lists them.", metavar="N", min=1)],
    by: By,
    note: Note = "",
) -> Result:
    """Choose one of the rival explanations of a contested case."""
    done = _act(session, by, lambda tx, person: choose_rival(tx, case, explanation, person, note=note))
    more = f" {done.left:,} more wait in the case; they are matched again." if done.left else ""
    return _told(session, done, f"settled by explanation {explanation}", more=more, choice=explanation, left=done.left)


@command(
    group,
    "write-off",
    writes=True,
    example="trueup cases write-off 9 --note 'cheaper than a dispute' --by 'Fay Finance'",
)
def write_off(session: Session, case: Wanted, by: By, note: Note = "") -> Result:
    """Give up what Amazon still holds of a claim: it becomes a loss. Above the two-person limit it is only proposed."""
    with session.open() as app:
        person, limit = person_of(app.settings.people, by), app.settings.two_persons_above
        done = app.act(
            session.dry_run, lambda tx: write_off_claim(tx, case, person, note=note, two_persons_above=limit)
        )
    if done.proposal is None:
        return _told(session, done, "written off")
    more = f" A second person approves it: trueup cases approve {done.proposal}."
    return _told(session, done, "proposed to be written off", more=more, proposal=done.proposal)


@command(
    group, "post-now", writes=True, example="trueup cases post-now 10 --note 'came after the close' --by 'Fay Finance'"
)
def post(session: Session, case: Wanted, by: By, note: Note = "") -> Result:
    """Post a payment of a closed month on the first day of an open one."""
    done = _act(session, by, lambda tx, person: post_now(tx, case, person, note=note))
    return _told(session, done, "posted")


def _act(session: Session, by: str, answer: Callable[[Tx, Person], Answered]) -> Answered:
    with session.open() as app:
        person = person_of(app.settings.people, by)
        return app.act(session.dry_run, lambda tx: answer(tx, person))


def _told(session: Session, done: Answered, what: str, *, more: str = "", **said: Any) -> Result:
    data = {
        "case": done.case,
        "answer": what,
        "lines": done.lines,
        "payments": done.payments,
        "amount": str(done.amount),
        **said,
        "dry_run": session.dry_run,
    }
    lines = "1 line" if done.lines == 1 else f"{done.lines:,} lines"
    kept = " (dry run: nothing kept)" if session.dry_run else ""
    return Result(data, words=f"Case {done.case}: {lines} of {grouped(str(done.amount))} {what}{kept}.{more}")
