"""`trueup jobs`: long work that people asked for, how far it is and what came of it; called off where it can be."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from trueup.base.clock import write_instant
from trueup.cli.frame import By, Limit, Result, Session, command, person_of
from trueup.cli.tables import Column
from trueup.storage.views.jobs import Job, list_jobs, load_job
from trueup.workflows.cancel_job import cancel_job
from trueup.workflows.carry_out_tried import carry_out_job
from trueup.workflows.cases_as_job import undo_acts

group = typer.Typer(
    name="jobs", help="Long work that people asked for: list, show, cancel, undo, carry-out.", no_args_is_help=True
)
_COLUMNS = (
    Column("id", "id", number=True),
    Column("what", "title", wrap=True),
    Column("state", "state"),
    Column("done", "done", number=True),
    Column("of", "total", number=True),
    Column("unit", "unit", spare=True),
    Column("asked", "asked_at"),
    Column("by", "actor"),
)
Wanted = Annotated[int, typer.Argument(help="The job's number.", metavar="JOB")]


@command(group, "list", example="trueup jobs list")
def list_all(session: Session, limit: Limit = 20) -> Result:
    """List long work, the newest first. Exit code 1 when any of it failed."""
    with session.look() as connection:
        rows = [_row(job) for job in list_jobs(connection, limit)]
    nothing = "Nothing was asked for yet: files that are uploaded in the console are booked so."
    return Result(rows, _COLUMNS, findings=any(row["state"] == "failed" for row in rows), nothing=nothing)


@command(group, "show", example="trueup jobs show 3")
def show(session: Session, job: Wanted) -> Result:
    """Show one piece of work: how far it is, what came of it, or why it failed. Exit code 1 when it failed."""
    with session.look() as connection:
        found = load_job(connection, job)
    times = {
        name: write_instant(at) if at else None
        for name, at in (("began_at", found.began_at), ("ended_at", found.ended_at))
    }
    data = {**_row(found), **times, "words": found.words, "result": dict(found.result)}
    return Result(data, findings=found.state == "failed")


@command(group, "cancel", writes=True, example="trueup jobs cancel 3 --by Olga")
def cancel(session: Session, job: Wanted, by: By) -> Result:
    """Call a piece of work off. What was begun and cannot be left half done is not; the words say what stays."""
    with session.open() as app:
        stays = app.act(session.dry_run, cancel_job, job, person_of(app.settings.people, by))
    kept = " (dry run: nothing done)" if session.dry_run else ""
    verb = "would be called off" if session.dry_run else "is called off"
    return Result({"job": job, "stays": stays, "dry_run": session.dry_run}, words=f"Job {job} {verb}. {stays}{kept}")


@command(group, "undo", writes=True, example="trueup jobs undo 3 --by Olga")
def undo(session: Session, job: Wanted, by: By) -> Result:
    """Take back what a piece of work did to cases, where that can be: assignments, and what was put aside or taken up."""
    with session.open() as app:
        number = app.act(session.dry_run, undo_acts, job, person_of(app.settings.people, by))
    kept = " (dry run: nothing done)" if session.dry_run else f" by job {number}"
    verb = "would be taken back" if session.dry_run else "is taken back"
    return Result({"job": job, "by_job": number, "dry_run": session.dry_run}, words=f"Job {job} {verb}{kept}.")


@command(group, "carry-out", writes=True, example="trueup jobs carry-out 3 --by Olga")
def carry_out_tried(session: Session, job: Wanted, by: By) -> Result:
    """Do what a piece of work on cases, or on lines in suspense, only tried, without what was refused: by who tried it, once."""
    with session.open() as app:
        number = app.act(session.dry_run, carry_out_job, job, person_of(app.settings.people, by))
    if session.dry_run:
        words = f"Job {job} would be carried out (dry run: nothing done)."
        return Result({"job": job, "by_job": None, "dry_run": True}, words=words)
    with session.look() as connection:
        done = load_job(connection, number)
    words = done.words or f"It waits for a worker; see `trueup jobs show {number}`."
    refused = bool(done.result.get("refused"))
    return Result({"job": job, "by_job": number, "dry_run": False}, words=f"Job {number}: {words}", findings=refused)


def _row(job: Job) -> dict[str, Any]:
    names = ("id", "kind", "title", "state", "done", "total", "unit", "actor")
    return {**{name: getattr(job, name) for name in names}, "asked_at": write_instant(job.asked_at)}
