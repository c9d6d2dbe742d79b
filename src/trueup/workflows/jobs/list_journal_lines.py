"""List lines of the journal: what a filter leaves, as XLSX or CSV, however many, kept in the archive with its hash.

It is a list for people. What another ledger imports, each entry once, is an export (`export_journal.py`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import IO, Any

from trueup.base.errors import Conflict, NotFound
from trueup.base.money import Money
from trueup.formats.tabular import inert
from trueup.reports.journal_lines import COLUMNS, Row, rows_of_lines, write_lines_workbook
from trueup.storage.jobs import Job
from trueup.storage.json_values import from_json, to_json
from trueup.storage.views.journal import EntryFilter
from trueup.storage.views.journal_lines import count_lines, stream_lines
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.export_journal import ACT
from trueup.workflows.long_work import (
    End,
    LongWork,
    Piece,
    Plan,
    Telling,
    ask_work,
    asker_of,
    do_at_once,
    note_work,
)
from trueup.workflows.papers import Papers
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

KIND, DOCUMENT = "list-journal-lines", "journal-lines"
AT_ONCE = 5000
"""Up to so many lines are written while the person waits: about a second."""
FORMS = {
    "xlsx": ("XLSX workbook", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "csv": ("CSV", "text/csv"),
}
"""What lines can be written as: what people call it, and its media type."""
_TOLD_EVERY = 5000


def ask_lines(tx: Tx, form: str, wanted: EntryFilter, person: Person) -> int:
    """Have the lines of the entries of a filter written. Returns the job's id.

    Raises Refused (role), NotFound (no such form), Conflict when no line is like that.
    """
    demand_role(person, ACT)
    if form not in FORMS:
        raise NotFound(f"Lines come as {' or '.join(FORMS)}, not as {form!r}.")
    count = count_lines(tx.connection, wanted)
    if not count:
        raise Conflict("No line of the journal is like that; choose other filters.")
    title = f"{count:,} {'line' if count == 1 else 'lines'} of the journal as {FORMS[form][0]}{_words_of(wanted)}"
    args = {"form": form, "wanted": to_json(wanted), "lines": count}
    if count > AT_ONCE:
        return ask_work(tx, KIND, title, args, person)
    number = note_work(tx, KIND, title, args, person)
    do_at_once(tx, number)
    return number


def _words_of(wanted: EntryFilter) -> str:
    """The filter in words, with a comma before each; "" for all."""
    said = {name: value for name, value in to_json(wanted).items() if name != "alone"}
    names = {"since": "from", "until": "to"}
    return "".join(f", {names.get(name, name)} {value}" for name, value in said.items() if value) + (
        ", of that account alone" if wanted.alone and wanted.account else ""
    )


def _plan(tx: Tx, job: Job) -> Plan:
    return Plan([None], int(job.args["lines"]), "lines")


def _write(tx: Tx, job: Job, _piece: Any) -> Piece:
    form, wanted = job.args["form"], from_json(job.args["wanted"], EntryFilter)
    telling, chart = Telling(tx, job, _TOLD_EVERY), tx.resources.books.chart

    def name(code: str) -> str:
        found = chart.account(code)
        return f"{code} {found.name}" if found is not None else code

    with Papers(DOCUMENT) as papers:
        out = papers.open(f"journal-{tx.now:%Y-%m-%d}-{job.id}.{form}", FORMS[form][1])
        lines = _told(stream_lines(tx.connection, wanted), telling)
        rows = rows_of_lines(lines, name, totals=form == "xlsx")
        if form == "xlsx":
            write_lines_workbook(out, rows, job.title, tx.now)  # type: ignore[arg-type]
        else:
            write_lines_csv(out, rows)
        files = papers.keep(tx)
    after = {"lines": job.args["lines"], "wanted": job.args["wanted"], "files": [each["name"] for each in files]}
    deed = Deed("journal.listed", f"job {job.id}", after=after, evidence=files[0]["digest"])
    record_deed(tx.connection, tx.now, asker_of(job), deed)
    return Piece(int(job.args["lines"]), files)


def write_lines_csv(out: IO[bytes], rows: Iterable[Row]) -> None:
    """The rows as CSV: UTF-8, ISO dates, points for decimals, and no text that a spreadsheet would run."""
    text = io.TextIOWrapper(out, "utf-8", newline="", write_through=True)
    written = csv.writer(text)
    written.writerow([column.name.lower() for column in COLUMNS])
    for row in rows:
        written.writerow([_cell(each) for each in row])
    text.detach()


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case Money():
            return str(value.amount)
        case date():
            return value.isoformat()
    return inert(value) if isinstance(value, str) else str(value)


def _told(lines: Iterable[Any], telling: Telling) -> Iterator[Any]:
    for number, line in enumerate(lines, start=1):
        yield line
        telling.at(number)


def _end(tx: Tx, job: Job, found: Sequence[Any]) -> End:
    words = f"{job.args['lines']:,} lines are in {found[0][0]['name']}."
    return End(words, {"files": found[0], "links": [["The journal", "/journal"]]})


def _stays(_job: Job) -> str:
    return "Nothing of it was kept."


WORK = LongWork(KIND, "list_journal_lines", _plan, _write, _end, _stays, whole=True)
