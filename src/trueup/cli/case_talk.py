"""What people do about a case before it is resolved: comment, say who works on it, put it aside, take it up again."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import typer

from trueup.base.clock import write_instant
from trueup.base.errors import NotFound
from trueup.cli.frame import By, Result, Session, command, person_of
from trueup.workflows.discuss_case import (
    LONGEST_SNOOZE,
    assign_case,
    comment_on,
    snooze_case,
    wake_case,
    withdraw_comment,
)
from trueup.workflows.people import all_people
from trueup.workflows.world import Tx

group = typer.Typer()
Wanted = Annotated[int, typer.Argument(help="The case's id.")]


@command(group, "comment", writes=True, example="trueup cases comment 7 'the buyer confirmed 26.50' --by Olga")
def comment(
    session: Session, case: Wanted, text: Annotated[str, typer.Argument(help="What to say.", metavar="TEXT")], by: By
) -> Result:
    """Say something about a case; it stands in its history."""
    with session.open() as app:
        number = app.act(session.dry_run, comment_on, case, text, person_of(app.settings.people, by))
    return _done(session, {"case": case, "id": number, "text": text.strip()}, f"Case {case}: comment saved")


@command(group, "withdraw", writes=True, example="trueup cases withdraw 7 12 --by Olga")
def withdraw(
    session: Session, case: Wanted, comment: Annotated[int, typer.Argument(help="The comment's id.")], by: By
) -> Result:
    """Take your own comment back; it stays in the history, and is seen to be withdrawn."""
    with session.open() as app:
        app.act(session.dry_run, withdraw_comment, case, comment, person_of(app.settings.people, by))
    return _done(session, {"case": case, "id": comment}, f"Case {case}: comment {comment} is withdrawn")


@command(group, "assign", writes=True, example="trueup cases assign 7 Olga --by 'Ana Admin'")
def assign(
    session: Session,
    case: Wanted,
    by: By,
    to: Annotated[str, typer.Argument(help="Who works on it; left out: nobody.", metavar="NAME")] = "",
) -> Result:
    """Say who works on a case, or that nobody does any more."""
    with session.open() as app:

        def act(tx: Tx) -> str | None:
            everyone = all_people(tx.connection, app.settings.people)
            if to and to not in everyone:
                raise NotFound(f"{to!r} is nobody here; known are {', '.join(sorted(everyone))}.")
            return assign_case(tx, case, everyone[to] if to else None, person_of(app.settings.people, by))

        before = app.act(session.dry_run, act)
    data = {"case": case, "person": to or None, "before": before}
    return _done(session, data, f"Case {case}: {to or 'nobody'} works on it, {before or 'nobody'} did before")


@command(
    group, "snooze", writes=True, example="trueup cases snooze 7 --days 3 --reason 'waits for the buyer' --by Olga"
)
def snooze(
    session: Session,
    case: Wanted,
    by: By,
    reason: Annotated[str, typer.Option(help="Why: whoever finds it will ask.")],
    days: Annotated[int, typer.Option(min=1, max=LONGEST_SNOOZE.days, help="For how many days.")] = 1,
) -> Result:
    """Put a case aside. It comes back by itself, and before when more money is at risk; never later than it is due."""
    with session.open() as app:
        until = app.world.clock.now() + timedelta(days=days)
        before = app.act(session.dry_run, snooze_case, case, until, reason, person_of(app.settings.people, by))
    data = {
        "case": case,
        "until": write_instant(until),
        "before": write_instant(before.until) if before else None,
    }
    return _done(session, data, f"Case {case} is put aside until {data['until']}")


@command(group, "wake", writes=True, example="trueup cases wake 7 --by Olga")
def wake(session: Session, case: Wanted, by: By) -> Result:
    """Take a case up again that was put aside."""
    with session.open() as app:
        before = app.act(session.dry_run, wake_case, case, person_of(app.settings.people, by))
    data = {"case": case, "before": write_instant(before.until)}
    return _done(session, data, f"Case {case} is back; it was put aside until {data['before']}: {before.reason}")


def _done(session: Session, data: dict[str, Any], words: str) -> Result:
    kept = " (dry run: nothing kept)" if session.dry_run else ""
    return Result({**data, "dry_run": session.dry_run}, words=f"{words}{kept}.")
