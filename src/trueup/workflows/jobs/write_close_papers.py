"""Write the papers of a close: the pack as PDF, XLSX and JSON, every line of the month's journal, and a zip with their hashes.

Of a closed month the papers are those that were archived with it, so that whoever audits them finds the same hashes.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import IO, Any

import sqlalchemy as sa

from trueup.base.errors import Refused
from trueup.domain.closing import Month
from trueup.reports.close_pack import write_close_pack_pages, write_close_pack_workbook
from trueup.reports.journal_lines import rows_of_lines
from trueup.storage.jobs import Job
from trueup.storage.views.closing import hold_still
from trueup.storage.views.closing_points import known_packs
from trueup.storage.views.journal import EntryFilter
from trueup.storage.views.journal_lines import stream_lines
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.close_month import Looked, look_at_month, write_pack
from trueup.workflows.jobs.list_journal_lines import write_lines_csv
from trueup.workflows.long_work import End, LongWork, Piece, Plan, Telling, ask_work, asker_of
from trueup.workflows.papers import SUMS, Papers, copy_into, zip_entry
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx, World

KIND, DOCUMENT = "write-close-papers", "close-papers"
_MEDIA = {
    "json": "application/json",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_PAPERS = ("pdf", "xlsx", "json", "journal", "zip")
_PIECE_BYTES = 256 * 1024


def ask_papers(tx: Tx, month: Month, person: Person) -> int:
    """Have the papers of a month written. Returns the job's id. Raises Refused: no role, a month that has not begun."""
    demand_role(person, "journal.export")
    if month.first > tx.now.date():
        raise Refused(f"The month {month} has not begun: it is {tx.now:%Y-%m-%d}.")
    return ask_work(tx, KIND, f"Papers of the close of {month.words}", {"month": str(month)}, person)


def _plan(tx: Tx, job: Job) -> Plan:
    return Plan([None], len(_PAPERS), "papers")


def _write(tx: Tx, job: Job, _piece: Any) -> Piece:
    """All of them see the books as they are at one instant."""
    month, telling = Month.read(job.args["month"]), Telling(tx, job, 1)
    stem = f"close-{month}"
    with Papers(DOCUMENT) as papers:
        with tx.resources.database.transaction() as still:
            hold_still(still)
            looked = look_at_month(
                still, tx.resources.books, month, tx.now, lambda digest: tx.resources.read(still, digest)
            )
            for number, ending in enumerate(_MEDIA, start=1):
                _put(tx.resources, still, looked, (ending, papers.open(f"{stem}.{ending}", _MEDIA[ending])))
                telling.at(number)
            out = papers.open(f"{stem}-journal.csv", "text/csv")
            chart = {account.code: f"{account.code} {account.name}" for account in tx.resources.books.chart.accounts}
            lines = stream_lines(still, EntryFilter(month.first, month.last))
            write_lines_csv(out, rows_of_lines(lines, lambda code: chart.get(code, code)))
            telling.at(len(_PAPERS) - 1)
        known_at = looked.closing.closed_at if looked.closing else tx.now
        _zip(papers, f"{stem}.zip", known_at)
        files = papers.keep(tx)
    deed = Deed(
        "close.papers",
        f"month {month}",
        after={"files": [each["name"] for each in files]},
        evidence=files[-1]["digest"],
    )
    record_deed(tx.connection, tx.now, asker_of(job), deed)
    return Piece(len(_PAPERS), {"files": files, "closed": looked.closing is not None})


def _put(world: World, still: sa.Connection, looked: Looked, paper: tuple[str, IO[bytes]]) -> None:
    """A paper of the pack: of a closed month the archived one."""
    ending, out = paper
    if looked.closing is not None:
        for name, digest, _ in known_packs(still, looked.closing.evidence):
            if name.endswith(f".{ending}"):
                out.write(world.read(still, digest))
                return
    match ending:
        case "pdf":
            out.write(write_close_pack_pages(looked.pack))
        case "xlsx":
            write_close_pack_workbook(out, looked.pack)  # type: ignore[arg-type]
        case _:
            out.write(write_pack(looked.pack))


def _zip(papers: Papers, name: str, made_at: datetime) -> None:
    """All papers so far, and their hashes; the same papers give the same bytes."""
    copies = list(papers.copies())
    sums = []
    out = papers.open(name, "application/zip")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for paper, written in copies:
            found = hashlib.sha256()
            with archive.open(zip_entry(paper, made_at), "w") as into:
                written.seek(0)
                copy_into(into, written)
            written.seek(0)
            while piece := written.read(_PIECE_BYTES):
                found.update(piece)
            sums.append(f"{found.hexdigest()}  {paper}\n")
        archive.writestr(zip_entry(SUMS, made_at), "".join(sums))


def _end(tx: Tx, job: Job, found: Sequence[Any]) -> End:
    month = Month.read(job.args["month"])
    state = "closed" if found[0]["closed"] else "not closed yet: what is here is as the books were then"
    notes = [f"{SUMS} in the zip has the hash of each paper; sha256sum --check {SUMS} compares them."]
    result = {"files": found[0]["files"], "notes": notes, "links": [[f"The close of {month.words}", f"/close/{month}"]]}
    return End(f"The papers of {month.words} are written. The month is {state}.", result)


def _stays(_job: Job) -> str:
    return "None of the papers was kept."


WORK = LongWork(KIND, "write_close_papers", _plan, _write, _end, _stays, whole=True)
