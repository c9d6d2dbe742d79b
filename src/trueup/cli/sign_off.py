"""`trueup sign-off`: answer for a point of a month's close, look again as the second person, or say whose it is."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from trueup.base.errors import Invalid
from trueup.cli.frame import By, Result, Session, command, person_of
from trueup.cli.statements import read_day
from trueup.domain.closing import Month
from trueup.domain.sign_offs import Signed, Task
from trueup.workflows.sign_off import give_task, review_point, sign_point

group = typer.Typer(name="sign-off", help="Sign-offs of a month's close.")


@command(
    group,
    "sign-off",
    writes=True,
    example="trueup sign-off 2026-10 suspense --note 'the buyer answers in November' --by 'Fay Finance'",
)
def sign_off(
    session: Session,
    month: Annotated[str, typer.Argument(help="The month, such as 2026-10.", metavar="MONTH")],
    point: Annotated[str, typer.Argument(help="The point, as `trueup close MONTH --json` names it.", metavar="POINT")],
    by: By,
    note: Annotated[str, typer.Option(help="Why it may stay as it is.")] = "",
    review: Annotated[bool, typer.Option("--review", help="Look again at what another signed.")] = False,
    owner: Annotated[str, typer.Option(help="Whose point it is; with --reviewer and --due.", metavar="NAME")] = "",
    reviewer: Annotated[str, typer.Option(help="Who looks again.", metavar="NAME")] = "",
    due: Annotated[str | None, typer.Option(help="By when.", metavar="DAY")] = None,
) -> Result:
    """Answer for an open point of a close, as it reads now. A change of its balance suspends that, and asks for a new one."""
    wanted, day = Month.read(month), read_day(due, "--due")
    tells = bool(owner or reviewer or day)
    if review + tells + bool(note) != 1:
        raise Invalid(
            "Give --note to sign, --review to look again, or --owner, --reviewer and --due to say whose it is."
        )
    with session.open() as app:
        person = person_of(app.settings.people, by)
        if tells:
            app.act(session.dry_run, give_task, wanted, point, Task(owner, reviewer, day), person)
            return _told(session, {"month": month, "point": point, "owner": owner, "reviewer": reviewer}, "is given")
        if review:
            done = app.act(session.dry_run, review_point, wanted, point, person)
        else:
            done = app.act(session.dry_run, sign_point, wanted, point, note, person)
    return _told(session, _json(month, done), f"is {done.standing.value}: {done.point.text}")


def _json(month: str, done: Signed) -> dict[str, Any]:
    by = done.sign_off.by if done.sign_off else None
    return {"month": month, "point": done.point.name, "standing": done.standing.value, "signed_by": by}


def _told(session: Session, data: dict[str, Any], words: str) -> Result:
    kept = " (dry run: nothing kept)" if session.dry_run else ""
    return Result({**data, "dry_run": session.dry_run}, words=f"Point {data['point']} of {data['month']} {words}{kept}")
