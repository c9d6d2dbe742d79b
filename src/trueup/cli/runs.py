"""`trueup runs`: durable work. What runs, waits, failed; have it go on, or stop it."""

from __future__ import annotations

from typing import Annotated

import typer

from trueup.cli.frame import By, Limit, Result, Session, command, person_of
from trueup.cli.tables import Column
from trueup.storage.views import runs as views
from trueup.storage.views.run_steps import sum_steps
from trueup.storage.views.run_words import say_runs
from trueup.workflows.mend_runs import cancel_run, retry_run, what_cancel_means, what_retry_means
from trueup.workflows.world import Tx

group = typer.Typer(name="runs", help="Durable work: list, show, retry, cancel.", no_args_is_help=True)
_COLUMNS = (
    Column("run", "run_id"),
    Column("what", "words", wrap=True),
    Column("status", "status"),
    Column("attempts", "attempts", number=True),
    Column("since or due", "since"),
    Column("error", "error", wrap=True),
)
Wanted = Annotated[str, typer.Argument(help="The run's id.", metavar="RUN")]


@command(group, "list", example="trueup runs list --status failed")
def list_runs(
    session: Session,
    status: Annotated[str | None, typer.Option(help=f"With this status: {', '.join(views.STATUSES)}.")] = None,
    flow: Annotated[str, typer.Option(help="Of this flow.")] = "",
    limit: Limit = 50,
) -> Result:
    """List runs and timers, the latest change first. Exit code 1 when any failed or was given up."""
    with session.look() as connection:
        rows = views.list_runs(connection, status=status, flow=flow, limit=limit)
        said = say_runs(connection, rows)
    rows = [{**row, "words": said[row["run_id"]].words} for row in rows]
    return Result(rows, _COLUMNS, findings=any(row["status"] in ("failed", "poisoned") for row in rows))


@command(group, "show", example="trueup runs show poll:amazon-us:created:12")
def show_run(session: Session, run: Wanted) -> Result:
    """Show one run or timer whole: what it does, and how many came into each kind of step, went out, and are held."""
    with session.look() as connection:
        shown = views.show_run(connection, run)
        words = say_runs(connection, [shown])[run].words
        return Result({"words": words, **shown, "went_through": sum_steps(connection, run)})


@command(group, "retry", writes=True, example="trueup runs retry acknowledge:17:2 --by 'Ana Admin'")
def retry(session: Session, run: Wanted, by: By) -> Result:
    """Have a run go on that failed, was given up or cancelled, after its last good checkpoint."""
    with session.open() as app:
        person = person_of(app.settings.people, by)

        def act(tx: Tx) -> tuple[str, list[str]]:
            return retry_run(tx, run, person), what_retry_means(tx.connection, run)

        was, means = app.act(session.dry_run, act)
    return _done(session, (run, was), "goes on as soon as a worker takes it", means)


@command(group, "cancel", writes=True, example="trueup runs cancel poll:amazon-us:created:12 --by 'Ana Admin'")
def cancel(session: Session, run: Wanted, by: By) -> Result:
    """Stop a run before its next step, or forget its timer."""
    with session.open() as app:
        person = person_of(app.settings.people, by)

        def act(tx: Tx) -> tuple[str, list[str]]:
            return cancel_run(tx, run, person), what_cancel_means(tx.connection, run)

        was, means = app.act(session.dry_run, act)
    return _done(session, (run, was), "never begins" if was == "timed" else "stops before its next step", means)


def _done(session: Session, of: tuple[str, str], what: str, means: list[str]) -> Result:
    """What was done; of a dry run what would be."""
    run, was = of
    words = f"Run {run} was {was} and {what}."
    if session.dry_run:
        words = "\n".join((f"Run {run} is {was} (dry run: nothing done).", *means))
    return Result({"run_id": run, "was": was, "dry_run": session.dry_run, "means": means}, words=words)
