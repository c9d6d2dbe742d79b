"""Cases as a job: acts on thousands of cases as long work, tried first, told case by case, and taken back where that can be.

Few are done at once, in the transaction that asks for them; many by a worker, some hundred a transaction. Either way the job has
what came of each case, and stays: a page that is closed, a reload or a worker that dies loses nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict, Refused
from trueup.base.money import Money
from trueup.durable.tally import Tally
from trueup.storage import jobs
from trueup.storage.jobs import Job
from trueup.storage.json_values import from_json, to_json
from trueup.workflows.act_on_cases import CaseAct, CaseOutcome, act_on_each
from trueup.workflows.long_work import End, Piece, Plan, ask_work, asker_of, do_at_once, note_work
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

ACTS, PREVIEW = "act-on-cases", "preview-cases"
"""The kinds of jobs: what is done, and what is only tried."""
AT_ONCE = 200
"""Up to so many cases are acted on while the person waits: about two seconds. More are long work."""
MOST = 50_000
_PART = 200
_SHOWN_EFFECTS = 500
"""Of so many cases what came of them is told in words; of all others that it was done. Whatever was refused is told of all."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: acts, a title for people, and from how much at risk a decision takes two persons.

    `notes`: what is to be said besides, such as rows of a file that could not be read.
    """

    acts: Sequence[CaseAct]
    title: str
    limit: Money | None = None
    notes: Sequence[str] = ()


def preview_acts(tx: Tx, asked: Asked, person: Person) -> int:
    """Try acts and roll each back: the job says what each would do. Returns its id. Raises Refused for none, or too many."""
    return _ask(tx, PREVIEW, asked, person)


def ask_acts(tx: Tx, asked: Asked, person: Person) -> int:
    """Do them. Returns the job's id. Raises Refused for none, or too many."""
    return _ask(tx, ACTS, asked, person)


def carry_out(tx: Tx, preview_id: int, person: Person) -> int:
    """Do what was tried, without what was refused. Returns the new job's id. Raises NotFound, Conflict, Refused."""
    preview = jobs.load_job(tx.connection, preview_id, lock=True)
    if preview.kind != PREVIEW or preview.state != "done":
        raise Conflict(f"Job {preview_id} is no preview that has ended ({preview.kind}, {preview.state}).")
    if "done_by" in preview.result:
        raise Conflict(f"Job {preview_id} was carried out already, {_as_job(tx, preview.result['done_by'])}.")
    if preview.actor != person.name:
        raise Refused(
            f"Job {preview_id} was tried by {preview.actor}: try it yourself first, what you may is another matter."
        )
    refused = {each["case"] for each in preview.result["refused"]}
    acts = [each for each in _acts(preview) if each.case not in refused]
    number = ask_acts(tx, Asked(acts, preview.title.removeprefix(_TRIED), _limit(preview)), person)
    jobs.note_result(tx.connection, preview_id, {**preview.result, "done_by": number})
    return number


def undo_acts(tx: Tx, job_id: int, person: Person) -> int:
    """Take back what a job did and can be taken back. Returns the new job's id. Raises NotFound, Conflict, Refused."""
    job = jobs.load_job(tx.connection, job_id, lock=True)
    if job.kind != ACTS or job.state not in jobs.ENDED or not job.result.get("undo"):
        raise Conflict(f"Job {job_id} ({job.kind}, {job.state}) has nothing that could be taken back.")
    if "undone_by" in job.result:
        raise Conflict(f"Job {job_id} was taken back already, {_as_job(tx, job.result['undone_by'])}.")
    acts = [from_json(each, CaseAct) for each in job.result["undo"]]
    number = ask_acts(tx, Asked(acts, f"Take back: {job.title}"), person)
    jobs.note_result(tx.connection, job_id, {**job.result, "undone_by": number})
    return number


def _as_job(tx: Tx, number: int) -> str:
    """As which job something was done, by whom and when."""
    job = jobs.load_job(tx.connection, number)
    return f"as job {number} by {job.actor} at {write_instant(job.asked_at)}"


_TRIED = "What it would do: "


def _ask(tx: Tx, kind: str, asked: Asked, person: Person) -> int:
    if not asked.acts:
        raise Refused("No case is chosen; choose some, or another filter.")
    if len(asked.acts) > MOST:
        raise Refused(f"{len(asked.acts):,} cases are too many at once; expected {MOST:,} at most. Narrow the filter.")
    args = {
        "acts": [to_json(each) for each in asked.acts],
        "limit": to_json(asked.limit) if asked.limit else None,
        "notes": list(asked.notes),
    }
    title = f"{_TRIED if kind == PREVIEW else ''}{asked.title}"
    if len(asked.acts) > AT_ONCE:
        return ask_work(tx, kind, title, args, person)
    number = note_work(tx, kind, title, args, person)
    do_at_once(tx, number)
    return number


def plan_acts(tx: Tx, job: Job) -> Plan:
    """Parts of some hundred."""
    count = len(job.args["acts"])
    jobs.note_result(tx.connection, job.id, {"good": 0, "refused": [], "told": [], "undo": []})
    return Plan(list(range(-(-count // _PART))), count, "cases")


def try_or_do(tx: Tx, job: Job, index: int) -> Piece:
    """One part, with what came of it."""
    wanted = _acts(job)[index * _PART : (index + 1) * _PART]
    trying = tx.connection.begin_nested()
    outcomes = act_on_each(tx, wanted, asker_of(job), _limit(job))
    if job.kind == PREVIEW:
        trying.rollback()
    else:
        trying.commit()
    jobs.note_result(tx.connection, job.id, _added(job.result, outcomes))
    refused = [each.case for each in outcomes if each.refused]
    good = {"could be done" if job.kind == PREVIEW else "done": sum(1 for each in outcomes if not each.refused)}
    tx.count(Tally("cases", len(wanted), good, {"refused": len(refused)}, refused))
    return Piece(len(wanted))


def end_acts(tx: Tx, job: Job, found: Sequence[Any]) -> End:
    """The job says how many, of how many."""
    return End(words_so_far(job), job.result)


def words_so_far(job: Job) -> str:
    """What came of it until now, in a sentence."""
    verb = "would be" if job.kind == PREVIEW else "are"
    refused = len(job.result.get("refused", ()))
    more = f" {refused:,} {verb} refused and stay as they are." if refused else ""
    return f"{job.result.get('good', 0):,} of {job.done:,} cases {verb} done.{more}"


def _added(result: Mapping[str, Any], outcomes: Sequence[CaseOutcome]) -> dict[str, Any]:
    good = [each for each in outcomes if not each.refused]
    room = _SHOWN_EFFECTS - len(result["told"])
    told = [
        {"case": each.case, "title": each.title, "effects": list(each.effects), "proposal": each.proposal}
        for each in good[: max(room, 0)]
    ]
    refused = [{"case": each.case, "title": each.title, "why": each.refused} for each in outcomes if each.refused]
    return {
        "good": result["good"] + len(good),
        "refused": [*result["refused"], *refused],
        "told": [*result["told"], *told],
        "undo": [*result["undo"], *(to_json(each.undo) for each in good if each.undo is not None)],
    }


def _acts(job: Job) -> list[CaseAct]:
    return [from_json(each, CaseAct) for each in job.args["acts"]]


def _limit(job: Job) -> Money | None:
    return from_json(job.args["limit"], Money) if job.args["limit"] else None
