"""Jobs: long work that somebody asked for, how far it is, and what came of it. The page may be closed; the result stays."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from trueup.base.money import Money
from trueup.console.drawing import query, templates
from trueup.console.live import Message, stream
from trueup.console.money_words import Names
from trueup.console.page import Grows, Page, Route
from trueup.console.sure import Sure, ask_whether, is_sure
from trueup.console.visit import Visit
from trueup.storage.views.growing import Growing
from trueup.storage.views.jobs import ENDED, Job, growing_jobs, list_jobs, load_job
from trueup.storage.views.runs import list_workers
from trueup.workflows.authority import LOOK
from trueup.workflows.cancel_job import cancel_job
from trueup.workflows.cases_as_job import ACTS, PREVIEW, words_so_far
from trueup.workflows.draft_rules import has_long_history
from trueup.workflows.jobs.code_lines import KIND as CODINGS
from trueup.workflows.long_work import can_stop

STATES = {
    "waiting": ("held", "Waits for a worker"),
    "running": ("info", "Under way"),
    "done": ("ok", "Done"),
    "failed": ("bad", "Failed"),
    "cancelled": ("idle", "Called off"),
}


def _list(visit: Visit) -> Response:
    return visit.render("jobs.html", jobs=list_jobs(visit.connection, 50, without=PREVIEW), states=STATES)


def _growing(_visit: Visit) -> Growing:
    return growing_jobs(without=PREVIEW)


def _show(visit: Visit) -> Response:
    job = load_job(visit.connection, visit.number("job"))
    known = _context(visit, job, visit.connection)
    # Accepted, and not done yet.
    return visit.render("job.html", status=200 if job.state in ENDED else 202, title=job.title, **known)


def _cancel(visit: Visit) -> Response:
    """Whoever asked for it may, or who mends runs; the workflow says so, and what stays."""
    number, sure = visit.number("job"), is_sure(visit)
    stays = visit.act(cancel_job, number, visit.who, dry_run=not sure)
    if sure:
        return visit.go(f"/jobs/{number}", f"Job {number} is called off. {stays}")
    title = load_job(visit.connection, number).title
    return ask_whether(visit, Sure(f"Call off: {title}", title, f"/jobs/{number}", [stays], "Call it off", LOOK))


def _live(visit: Visit) -> Response:
    number = visit.number("job")
    load_job(visit.connection, number)

    def look(connection: sa.Connection) -> Message:
        job = load_job(connection, number)
        context = {"visit": visit, "present": visit.present, **_context(visit, job, connection)}
        html = templates().get_template("page/job_part.html").render(context)
        return Message(f"{job.state}-{job.done}-{job.total}", html, job.state in ENDED)

    return stream(visit, look)


def _context(visit: Visit, job: Job, connection: sa.Connection) -> dict[str, Any]:
    workers = sum(each["alive"] for each in list_workers(connection)) if job.state == "waiting" else 1
    return {"job": job, "states": STATES, "workers": workers, **_more(visit, job, connection)}


def _more(visit: Visit, job: Job, connection: sa.Connection) -> dict[str, Any]:
    draft = _draft(job)
    lines_of = f"{draft.replace('/rules/new', '/rules/new/lines', 1)}&" if draft else _lines_of(job)
    return {
        "left": _left(visit, job),
        "draft": draft,
        "lines_of": "" if lines_of and has_long_history(connection) else lines_of,
        "names": Names(visit),
        "ended": job.state in ENDED,
        "on_cases": job.kind in (ACTS, PREVIEW),
        "said_of_sheet": words_so_far(job) if job.kind in (ACTS, PREVIEW) and job.args.get("sheet") else "",
        "on_lines": job.kind == CODINGS,
        "amount_of": Money,
        "stoppable": can_stop(job),
    }


def _draft(job: Job) -> str:
    """Where a rule that was tried before it was proposed is gone on with; "" for all else."""
    wanted = job.result.get("wanted")
    if not wanted:
        return ""
    new = wanted["type"] if isinstance(wanted["type"], dict) else {}
    named = {"from": wanted["valid_from"], "to": wanted["valid_to"], "type": wanted["type"] if not new else ""}
    new = {name: new.get(name, "") for name in ("label", "family", "purpose")}
    return f"/rules/new{query({**wanted, **named, **new}, valid_from='', valid_to='', job=job.id, **{'try': 'yes'})}"


def _lines_of(job: Job) -> str:
    """Where the lines that a rule was tried on are listed by what it makes of them; "" for all else."""
    rule = job.result.get("rule")
    return f"/rules/{rule}/lines?version={job.result['version']}&" if rule else ""


def _left(visit: Visit, job: Job) -> str:
    """About how long it takes yet, from how long it took so far; "" before anything is done."""
    if job.state != "running" or not job.done or not job.total or job.began_at is None:
        return ""
    took = visit.desk.world.clock.now() - job.began_at
    return f"about {visit.present.span(took * (job.total - job.done) / job.done)} more"


PAGE = Page(
    "jobs",
    "Long work",
    (
        Route("/jobs", _list),
        Route("/jobs/{job:int}", _show),
        Route("/jobs/{job:int}/live", _live),
        Route("/jobs/{job:int}/cancel", _cancel, method="POST"),
    ),
    grows=(Grows("/jobs", "piece of work", "pieces of work", _growing),),
)
