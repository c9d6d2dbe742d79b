"""Write a list: the rows that the filters of a page leave, as XLSX or CSV, however many, kept in the archive with its hash.

A short one is no work: who asks has it at once (`workflows/written_lists.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trueup.base.errors import Conflict
from trueup.storage.jobs import Job
from trueup.storage.json_values import to_json
from trueup.workflows.authority import LOOK, demand_role
from trueup.workflows.long_work import End, LongWork, Piece, Plan, Telling, ask_work, do_at_once, note_work
from trueup.workflows.papers import Papers
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx
from trueup.workflows.written_lists import FORMS, Asked, Ground, WrittenList, list_named, read_wanted, write_list

KIND, DOCUMENT = "write-list", "list"
AT_ONCE = 2000
"""Up to so many rows are written while the person waits: about a second."""
_MOST = 1_000_000_000
_TOLD_EVERY = 500


def is_long(ground: Ground, of: WrittenList, wanted: Any) -> bool:
    """Whether a list is longer than one waits for."""
    return of.count(ground, wanted, AT_ONCE)[1]


def ask_list(tx: Tx, name: str, form: str, wanted: Any, person: Person) -> int:
    """Have the rows of a filter written. Returns the job's id.

    Raises Refused (role), NotFound (no such list, or not in that form), Conflict when no row is like that.
    """
    demand_role(person, LOOK)
    of = list_named(name, form)
    count, more = of.count(_ground(tx), wanted, AT_ONCE)
    if not count:
        raise Conflict(f"{of.title}: none is like that; choose other filters.")
    args = {"list": name, "form": form, "wanted": to_json(wanted)}
    title = f"{of.title} as {FORMS[form][0]}{_words_of(args['wanted'])}"
    if more:
        return ask_work(tx, KIND, title, args, person)
    number = note_work(tx, KIND, title, args, person)
    do_at_once(tx, number)
    return number


def _words_of(said: Any) -> str:
    """The filter in words, with a comma before each; "" for all."""
    found = ""
    for name, value in said.items() if isinstance(said, dict) else ():
        if isinstance(value, dict):
            found += _words_of(value)
        elif value:
            found += f", {name.replace('_', ' ')} {'yes' if value is True else value}"
    return found


def _ground(tx: Tx) -> Ground:
    return Ground(tx.resources, tx.connection, tx.now)


def _asked(job: Job) -> Asked:
    of = list_named(job.args["list"], job.args["form"])
    return Asked(of, read_wanted(of, job.args["wanted"]), job.args["form"])


def _plan(tx: Tx, job: Job) -> Plan:
    asked = _asked(job)
    return Plan([None], asked.of.count(_ground(tx), asked.wanted, _MOST)[0], asked.of.unit)


def _write(tx: Tx, job: Job, _piece: Any) -> Piece:
    asked = _asked(job)
    telling, written = Telling(tx, job, _TOLD_EVERY), 0

    def told(count: int) -> None:
        nonlocal written
        written = count
        telling.at(count)

    with Papers(DOCUMENT) as papers:
        out = papers.open(f"{asked.of.stem}-{tx.now:%Y-%m-%d}-{job.id}.{asked.form}", FORMS[asked.form][1])
        write_list(_ground(tx), asked, out, told)
        files = papers.keep(tx)
    return Piece(written, {"rows": written, "files": files})


def _end(tx: Tx, job: Job, found: Sequence[Any]) -> End:
    [written] = found
    return End(f"{written['rows']:,} {job.unit} are in {written['files'][0]['name']}.", {"files": written["files"]})


def _stays(_job: Job) -> str:
    return "Nothing of it was kept."


WORK = LongWork(KIND, "write_list", _plan, _write, _end, _stays, whole=True)
