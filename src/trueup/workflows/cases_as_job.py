"""Cases as a job: acts on thousands of cases as long work, tried first, told case by case, and taken back where that can be.

Few are done at once, in the transaction that asks for them; many by a worker, some hundred a transaction. Either way the job has
what came of each case, and stays: a page that is closed, a reload or a worker that dies loses nothing of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict, Invalid, Refused
from trueup.base.ids import Digest
from trueup.base.money import Money
from trueup.durable.tally import Tally
from trueup.formats.case_decisions import UnreadRow, read_case_decisions, unread_rows
from trueup.storage import jobs
from trueup.storage.jobs import Job
from trueup.storage.json_values import from_json, to_json
from trueup.workflows.act_on_cases import Acting, CaseAct, CaseOutcome, act_on_each
from trueup.workflows.authority import demand_role
from trueup.workflows.demand_deciding import MAY as DECIDE
from trueup.workflows.long_work import End, Piece, Plan, ask_work, asker_of, do_at_once, note_work
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

ACTS, PREVIEW = "act-on-cases", "preview-cases"
"""The kinds of jobs: what is done, and what is only tried."""
AT_ONCE = 200
"""Up to so many cases are acted on while the person waits: about two seconds. More are long work."""
MOST = 50_000
_PART = 200
_DISCUSS, _DISCUSSED = "cases.discuss", (Acting.ASSIGN, Acting.SNOOZE, Acting.WAKE)
"""What is done by who may discuss cases; all else takes the permission to decide them."""
_SHOWN_CELLS, _SHOWN_NOTES = 10, 5
_SHOWN_EFFECTS = 500
"""Of so many cases what came of them is told in words; of all others that it was done. Whatever was refused is told of all."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The cells in which what is decided of each case stands, by its number; and those that were refused before it was begun.

    `unread`: the rows that could not be read, and those that were refused when it was tried: whole, to be mended and handed in.
    """

    cells: Mapping[str, str]
    refused: Sequence[str] = ()
    unread: Sequence[UnreadRow] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: acts, a title for people, and from how much at risk a decision takes two persons.

    `notes`: what is to be said besides, such as rows of a file that could not be read. `sheet`: the file's cells, where it is one.
    """

    acts: Sequence[CaseAct]
    title: str
    limit: Money | None = None
    notes: Sequence[str] = ()
    sheet: Sheet | None = None


def preview_acts(tx: Tx, asked: Asked, person: Person) -> int:
    """Try acts and roll each back: the job says what each would do. Returns its id. Raises Refused for none, or too many."""
    return _ask(tx, PREVIEW, asked, person)


def ask_acts(tx: Tx, asked: Asked, person: Person) -> int:
    """Do them. Returns the job's id. Raises Refused for none, or too many."""
    return _ask(tx, ACTS, asked, person)


def ask_file(tx: Tx, digest: Digest, title: str, person: Person, *, tried: bool) -> int:
    """Have an archived sheet of decisions read by a worker, and tried or done. Returns the job's id."""
    args = {
        "acts": [],
        "file": digest,
        "limit": _limit_json(tx.resources.two_persons_above),
        "notes": [],
        "sheet": None,
    }
    return ask_work(tx, PREVIEW if tried else ACTS, f"{_TRIED if tried else ''}{title}", args, person)


def read_decisions(content: bytes) -> tuple[list[CaseAct], Sheet, list[str]]:
    """What a sheet says of cases, where it says it, and a note on each row that could not be read.

    Raises Unreadable, and Invalid for one that says nothing, or of too many.
    """
    reading = read_case_decisions(content)
    acts = [CaseAct(each.case, Acting.RESOLVE, each.resolution.value, each.note) for each in reading.values]
    notes = [str(finding) for finding in reading.errors]
    if not acts:
        raise Invalid("; ".join(notes[:_SHOWN_NOTES]) or "No row of this file says a resolution.")
    if len(acts) > MOST:
        raise Invalid(f"{len(acts):,} cases are too many at once; at most {MOST:,} are: hand them in in parts.")
    cells = {str(each.case): each.place for each in reading.values}
    unread = dict.fromkeys(finding.location.path for finding in reading.errors)
    return acts, Sheet(cells, tuple(unread), unread_rows(content) if unread else ()), notes


def carry_out(tx: Tx, preview_id: int, person: Person) -> int:
    """Do what was tried, without what was refused. Returns the new job's id.

    Raises NotFound, Conflict, Refused; NotAllowed when the person may not do such acts at all.
    """
    preview = jobs.load_job(tx.connection, preview_id, lock=True)
    if preview.kind != PREVIEW or preview.state != "done":
        raise Conflict(f"Job {preview_id} is no preview that has ended ({preview.kind}, {preview.state}).")
    if "done_by" in preview.result:
        raise Conflict(f"Job {preview_id} was carried out already, {_as_job(tx, preview.result['done_by'])}.")
    if preview.actor != person.name:
        raise Refused(
            f"Job {preview_id} was tried by {preview.actor}: try it yourself first, what you may is another matter."
        )
    for scope in sorted({_DISCUSS if each.act in _DISCUSSED else DECIDE for each in _acts(preview)}):
        demand_role(person, scope)
    refused = {each["case"] for each in preview.result["refused"] if not each.get("twice")}
    acts = [each for each in _acts(preview) if each.case not in refused]
    sheet = _sheet(preview)
    if sheet is not None:
        sheet = Sheet(sheet.cells, _refused_cells(preview, sheet), _refused_rows(preview, sheet))
    title, limit = preview.title.removeprefix(_TRIED), tx.resources.two_persons_above
    number = ask_acts(tx, Asked(acts, title, limit, preview.args.get("notes", ()), sheet), person)
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


_TWICE = "Case {} stands here twice: what is said of it first is taken, this is not."
_TRIED = "What it would do: "


def _ask(tx: Tx, kind: str, asked: Asked, person: Person) -> int:
    if not asked.acts:
        raise Refused("No case is chosen; choose some, or another filter.")
    if len(asked.acts) > MOST:
        raise Refused(f"{len(asked.acts):,} cases are too many at once; expected {MOST:,} at most. Narrow the filter.")
    acts, twice = _once_each(asked.acts)
    args = {
        "acts": [to_json(each) for each in acts],
        "twice": [each.case for each in twice],
        "limit": _limit_json(asked.limit),
        "notes": list(asked.notes),
        "sheet": to_json(asked.sheet) if asked.sheet else None,
    }
    title = f"{_TRIED if kind == PREVIEW else ''}{asked.title}"
    if len(asked.acts) > AT_ONCE:
        return ask_work(tx, kind, title, args, person)
    number = note_work(tx, kind, title, args, person)
    do_at_once(tx, number)
    return number


def _once_each(acts: Sequence[CaseAct]) -> tuple[list[CaseAct], list[CaseAct]]:
    """What is said of each case first, in order; and what is said of one again, which is refused whatever part it would be in."""
    first: dict[int, CaseAct] = {}
    twice = [each for each in acts if first.setdefault(each.case, each) is not each]
    return list(first.values()), twice


def plan_acts(tx: Tx, job: Job) -> Plan:
    """Parts of some hundred. A sheet that is too long to be read while somebody waits is read first. Raises as `read_decisions`."""
    count = len(job.args["acts"])
    if job.args.get("file"):
        acts, sheet, notes = read_decisions(tx.resources.read(tx.connection, Digest(job.args["file"])))
        read = {"acts": [to_json(each) for each in acts], "sheet": to_json(sheet), "notes": notes}
        jobs.note_args(tx.connection, job.id, {**job.args, **read, "file": None})
        count = len(acts)
    jobs.note_result(tx.connection, job.id, {"good": 0, "refused": [], "told": [], "undo": []})
    return Plan(list(range(-(-count // _PART))), count + len(job.args.get("twice", ())), "cases")


def try_or_do(tx: Tx, job: Job, index: int) -> Piece:
    """One part, with what came of it; what is said of cases again is told with the first."""
    wanted = _acts(job)[index * _PART : (index + 1) * _PART]
    trying = tx.connection.begin_nested()
    outcomes = act_on_each(tx, wanted, asker_of(job), _limit(job))
    if job.kind == PREVIEW:
        trying.rollback()
    else:
        trying.commit()
    again = [] if index else list(job.args.get("twice", ()))
    jobs.note_result(tx.connection, job.id, _added(job.result, outcomes, again))
    refused = [*(each.case for each in outcomes if each.refused), *again]
    good = {"could be done" if job.kind == PREVIEW else "done": sum(1 for each in outcomes if not each.refused)}
    tx.count(Tally("cases", len(wanted) + len(again), good, {"refused": len(refused)}, refused))
    return Piece(len(wanted) + len(again))


def end_acts(tx: Tx, job: Job, found: Sequence[Any]) -> End:
    """The job says how many, of how many."""
    return End(words_so_far(job), job.result)


def words_so_far(job: Job) -> str:
    """What came of it until now, in a sentence."""
    sheet = _sheet(job)
    if sheet is not None:
        return _words_of_sheet(job, sheet)
    verb = "would be" if job.kind == PREVIEW else "are"
    not_taken = job.result.get("refused", ())
    again = sum(each.get("twice", False) for each in not_taken)
    refused = len(not_taken) - again
    more = f" {refused:,} {verb} refused and stay as they are." if refused else ""
    if again:
        be = "is" if again == 1 and job.kind != PREVIEW else verb
        more += f" {again:,} {'says' if again == 1 else 'say'} again what was said of a case before, and {be} refused."
    return f"{job.result.get('good', 0):,} of {job.done:,} cases {verb} done.{more}"


def _words_of_sheet(job: Job, sheet: Sheet) -> str:
    """As people see the file: of how many rows, and the cells that were refused."""
    good, refused = job.result.get("good", 0), _refused_cells(job, sheet)
    rows = job.done + len({_row_of(cell) for cell in sheet.refused})
    said = f"{good:,} of {rows:,} {'row' if rows == 1 else 'rows'}"
    words = f"{said} would be saved." if job.kind == PREVIEW else f"Saved {said}."
    if not refused:
        return words
    rest = len(refused) - _SHOWN_CELLS
    return f"{words} Refused: {', '.join(refused[:_SHOWN_CELLS])}{f' and {rest:,} more' if rest > 0 else ''}."


def _refused_cells(job: Job, sheet: Sheet) -> list[str]:
    """Every cell that was refused, in the order of the file's rows."""
    found = [*sheet.refused, *(sheet.cells[str(each["case"])] for each in job.result.get("refused", ()))]
    return sorted(found, key=lambda cell: (_row_of(cell), cell))


def _refused_rows(preview: Job, sheet: Sheet) -> list[UnreadRow]:
    """Every row that was not read, or refused when it was tried, in the order of the file."""
    said = {each.case: each for each in _acts(preview)}
    tried = [
        UnreadRow(
            str(each["case"]),
            said[each["case"]].value,
            said[each["case"]].note,
            sheet.cells[str(each["case"])],
            each["why"],
        )
        for each in preview.result["refused"]
    ]
    return sorted([*sheet.unread, *tried], key=lambda row: (_row_of(row.cell), row.cell))


def _row_of(cell: str) -> int:
    """The row in which a cell stands: 7 of B7, and of "row 7, column B"; 0 of what stands in none."""
    number = re.search(r"\d+", cell)
    return int(number.group()) if number is not None else 0


def _added(result: Mapping[str, Any], outcomes: Sequence[CaseOutcome], twice: Sequence[int]) -> dict[str, Any]:
    good = [each for each in outcomes if not each.refused]
    room = _SHOWN_EFFECTS - len(result["told"])
    told = [
        {"case": each.case, "title": each.title, "effects": list(each.effects), "proposal": each.proposal}
        for each in good[: max(room, 0)]
    ]
    refused: list[dict[str, Any]] = [
        {"case": each.case, "title": each.title, "why": each.refused} for each in outcomes if each.refused
    ]
    refused += [{"case": case, "title": "", "why": _TWICE.format(case), "twice": True} for case in twice]
    return {
        "good": result["good"] + len(good),
        "refused": [*result["refused"], *refused],
        "told": [*result["told"], *told],
        "undo": [*result["undo"], *(to_json(each.undo) for each in good if each.undo is not None)],
    }


def _acts(job: Job) -> list[CaseAct]:
    return [from_json(each, CaseAct) for each in job.args["acts"]]


def _sheet(job: Job) -> Sheet | None:
    return from_json(job.args["sheet"], Sheet) if job.args.get("sheet") else None


def _limit_json(limit: Money | None) -> Any:
    return to_json(limit) if limit else None


def _limit(job: Job) -> Money | None:
    return from_json(job.args["limit"], Money) if job.args["limit"] else None
