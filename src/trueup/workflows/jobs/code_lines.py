"""Code lines: a long sheet of what lines in suspense are is tried, or booked, by a worker, some hundred lines a transaction.

What is refused leaves the others standing, as in a sheet of one page (`workflows/code_lines.py`). All of them together stand
under the limit of two persons: above it nothing is booked, and they are proposed as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from trueup.base.errors import Conflict, Invalid, Refused
from trueup.base.ids import Digest
from trueup.base.money import Money
from trueup.durable.tally import Tally
from trueup.formats.line_codings import read_line_codings
from trueup.storage import acts, jobs
from trueup.storage.jobs import Job
from trueup.workflows.authority import demand_role
from trueup.workflows.code_lines import MOST, Coded, Coding, code_lines
from trueup.workflows.limit_codings import approved_codings, propose_codings, takes_two
from trueup.workflows.long_work import End, LongWork, Piece, Plan, ask_work, asker_of
from trueup.workflows.match_lines import MAY
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

KIND, DOCUMENT = "code-lines", "line-codings"
LARGE_BYTES = 200_000
"""From so many bytes on, some five thousand lines of a workbook, a sheet is read by a worker."""
MOST_LINES = 20_000
_SHOWN = 200
"""Of so many lines what came of them is told; of all others that it was done. Whatever was refused is told of all."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is said of lines, or the archived file that says it."""

    name: str
    codings: Sequence[Coding] = ()
    file: Digest | None = None
    notes: Sequence[str] = ()


def is_long(content: bytes, codings: Sequence[Coding]) -> bool:
    """Whether a sheet is work for a worker: to be read, or to be booked."""
    return len(content) >= LARGE_BYTES or len(codings) > MOST


def ask_codings(tx: Tx, sheet: Sheet, person: Person, *, tried: bool) -> int:
    """Have a sheet tried, or booked. Returns the job's id. Raises Refused without the role, Invalid for too many."""
    demand_role(person, MAY)
    _demand_few(len(sheet.codings))
    args = {
        "lines": [asdict(each) for each in sheet.codings],
        "file": sheet.file,
        "notes": list(sheet.notes),
        "tried": tried,
    }
    return ask_work(tx, KIND, f"{'What it would do: ' if tried else ''}{sheet.name}", args, person)


def book_tried(tx: Tx, job_id: int, person: Person) -> int:
    """Book what was tried, without what was refused, under the limit of now. Returns the new job's id.

    Raises NotFound, Conflict, Refused.
    """
    job = jobs.load_job(tx.connection, job_id, lock=True)
    if job.kind != KIND or job.state != "done" or not job.args["tried"]:
        raise Conflict(f"Job {job_id} is no trial of a sheet that has ended ({job.kind}, {job.state}).")
    if job.actor != person.name:
        raise Refused(f"Job {job_id} was tried by {job.actor}: try it yourself first, what you may is another matter.")
    if "done_by" in job.result:
        by = jobs.load_job(tx.connection, job.result["done_by"])
        raise Conflict(f"Job {job_id} was carried out already, as job {by.id} by {by.actor}.")
    refused = [each for each in job.result["refused"] if not each.get("twice")]
    without = {(each["remittance"], each["line"]) for each in refused}
    wanted = [each for each in _codings(job) if (each.remittance, each.line) not in without]
    if not wanted:
        raise Conflict(f"Job {job_id}: every line was refused; there is nothing to book.")
    title = job.title.removeprefix("What it would do: ")
    number = ask_codings(tx, Sheet(title, wanted), person, tried=False)
    jobs.note_result(tx.connection, job_id, {**job.result, "done_by": number})
    return number


def is_long_proposal(tx: Tx, proposal_id: int) -> bool:
    """Whether a proposal is of more lines than are booked while the second person waits."""
    return len(acts.load_proposal(tx.connection, proposal_id)["arguments"]["lines"]) > MOST


def approve_by_worker(tx: Tx, proposal_id: int, person: Person) -> int:
    """The second person approves a long proposal: a worker books it. Returns the job's id. Raises as `approved_codings`."""
    codings, decided = approved_codings(tx, proposal_id, person)
    args = {"lines": [asdict(each) for each in codings], "notes": [], "tried": False, "by": decided.name}
    return ask_work(tx, KIND, f"{len(codings):,} lines in suspense of proposal {proposal_id}", args, person)


def _demand_few(count: int) -> None:
    if count > MOST_LINES:
        raise Invalid(f"{count:,} lines are coded at once; at most {MOST_LINES:,} are: hand them in in parts.")


def _plan(tx: Tx, job: Job) -> Plan:
    """Parts that are booked in one transaction each; lines of a payment stand together, so that few parts touch the same one."""
    codings, notes = _codings(job), list(job.args["notes"])
    if job.args.get("file"):
        reading = read_line_codings(tx.resources.read(tx.connection, Digest(job.args["file"])))
        codings = [Coding(each.remittance, each.line, each.type, each.account, each.note) for each in reading.values]
        notes = [str(finding) for finding in reading.errors]
    if not codings:
        raise Invalid("; ".join(notes[:5]) or "No row of the sheet says a type.")
    _demand_few(len(codings))
    total = len(codings)
    codings, twice = _once_each(codings)
    said = {**job.args, "file": None, "notes": notes}
    lines, others = [asdict(each) for each in codings], [asdict(each) for each in twice]
    jobs.note_args(tx.connection, job.id, {**said, "lines": lines, "twice": others})
    two = takes_two(tx, codings, _limit(tx, job))
    jobs.note_result(
        tx.connection, job.id, {"good": 0, "refused": [], "told": [], "sums": {}, "notes": notes[:20], "two": two}
    )
    return Plan([None] if two else list(range(-(-len(codings) // MOST))), total, "lines")


def _once_each(codings: Sequence[Coding]) -> tuple[list[Coding], list[Coding]]:
    """Each line as it is said first, in order; and what is said of a line again, which is refused whatever part it would be in."""
    first: dict[tuple[int, int], Coding] = {}
    twice = [each for each in codings if first.setdefault((each.remittance, each.line), each) is not each]
    return [first[place] for place in sorted(first)], twice


def _refused_twice(job: Job) -> list[Coded]:
    """What the sheet says of lines again; it is told with the first part."""
    twice = [Coding(**each) for each in job.args.get("twice", ())]
    words = "Payment {} line {} stands in the sheet twice: what it says first is taken, this is not."
    return [Coded(each, refused=words.format(each.remittance, each.line)) for each in twice]


def _code(tx: Tx, job: Job, index: int | None) -> Piece:
    """One part, with what came of it; None: all of them are proposed."""
    person, every, proposal = asker_of(job), _codings(job), None
    trying = tx.connection.begin_nested()
    if index is None:
        outcomes, proposal = propose_codings(tx, every, person)
    else:
        said = every[index * MOST : (index + 1) * MOST]
        outcomes = code_lines(tx, said, replace(person, name=job.args.get("by", person.name)))
    if job.args["tried"]:
        trying.rollback()
    else:
        trying.commit()
    again = [] if index else _refused_twice(job)
    added = _added(job.result, outcomes, again)
    kept = proposal if not job.args["tried"] else None
    jobs.note_result(tx.connection, job.id, {**added, "proposal": kept})
    outcomes = [*outcomes, *again]
    refused = sum(bool(each.refused) for each in outcomes)
    word = "could be done" if job.args["tried"] else "proposed" if index is None else "booked"
    tx.count(Tally("lines", len(outcomes), {word: len(outcomes) - refused}, {"refused": refused}))
    return Piece(len(outcomes))


def _added(result: Mapping[str, Any], outcomes: Sequence[Coded], twice: Sequence[Coded]) -> dict[str, Any]:
    good = [each for each in outcomes if each.amount is not None and not each.refused]
    sums = dict(result["sums"])
    for each in good:
        assert each.amount is not None
        sums[each.amount.currency] = sums.get(each.amount.currency, 0) + each.amount.minor
    room = max(0, _SHOWN - len(result["told"]))
    told = [{**asdict(each.coding), "amount": str(each.amount)} for each in good[:room]]
    refused = [{**asdict(each.coding), "why": each.refused} for each in outcomes if each.refused]
    refused += [{**asdict(each.coding), "why": each.refused, "twice": True} for each in twice]
    return {
        **result,
        "good": result["good"] + len(good),
        "refused": [*result["refused"], *refused],
        "told": [*result["told"], *told],
        "sums": sums,
    }


def _end(tx: Tx, job: Job, found: Sequence[Any]) -> End:
    return End(_words_so_far(job), job.result)


def _words_so_far(job: Job) -> str:
    result = job.result
    good, not_taken = result.get("good", 0), result.get("refused", ())
    again = sum(each.get("twice", False) for each in not_taken)
    refused = len(not_taken) - again
    verb = f"{_be(job, good)} {'proposed' if result.get('two') else 'booked'}"
    more = (
        f" {refused:,} {_be(job, refused)} refused and {'waits' if refused == 1 else 'wait'} as before."
        if refused
        else ""
    )
    if again:
        more += f" {again:,} {'says' if again == 1 else 'say'} again what the sheet says before, and {_be(job, again)} refused."
    two = ""
    if result.get("two"):
        number = result.get("proposal")
        two = " Together they are above the limit: " + (
            f"proposal {number} waits for a second person." if number else "a second person approves them."
        )
    return f"{good:,} of {job.done:,} {'line' if job.done == 1 else 'lines'} {verb}.{more}{two}"


def _be(job: Job, count: int) -> str:
    return "would be" if job.args["tried"] else "is" if count == 1 else "are"


def _stays(job: Job) -> str:
    if job.args["tried"]:
        return "Nothing was changed by what was tried."
    return f"{_words_so_far(job)} That stays, and the rest was not begun."


def _codings(job: Job) -> list[Coding]:
    return [Coding(**each) for each in job.args["lines"]]


def _limit(tx: Tx, job: Job) -> Money | None:
    """What is in force as it begins; what a second person approved is under none any more."""
    return None if "by" in job.args else tx.resources.two_persons_above


WORK = LongWork(KIND, "code_lines", _plan, _code, _end, _stays)
