"""Export the journal: entries become files that another ledger imports, kept in the archive for whoever fetches them.

Entries are taken, written, recorded and kept in one transaction: there is no export without its files, and no entry is given twice,
whatever dies in between. Few entries are written at once; many by a worker.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, Any

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict
from trueup.durable.tally import Tally
from trueup.formats.journal_export import JournalExport, export_named
from trueup.formats.journal_export import Piece as FilePiece
from trueup.storage import exports
from trueup.storage.jobs import Job
from trueup.storage.json_values import from_json, to_json
from trueup.workflows.authority import demand_role
from trueup.workflows.export_journal import ACT, Ledger, Scope, export_journal, note_in_place
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

KIND, DOCUMENT = "export-journal", "journal-export"
AT_ONCE = 2000
"""Up to so many entries are written while the person waits: about a second."""


class ArchiveShelf:
    """Files of an export while they are written; the papers are kept when all of them are whole."""

    def __init__(self, papers: Papers, target: JournalExport, stem: str, telling: Telling) -> None:
        self._papers, self._target, self._stem, self._telling = papers, target, stem, telling
        self._open: dict[int, IO[bytes]] = {}

    def put(self, piece: FilePiece) -> None:
        """Write a piece."""
        if piece.file not in self._open:
            self._open[piece.file] = self._papers.open(self.name(piece.file), "application/octet-stream")
        self._open[piece.file].write(piece.content)

    def name(self, file: int) -> str:
        """The name that a file has in the archive."""
        return self._target.file_name(self._stem, file)

    def told(self, entries: int) -> None:
        """So many entries are written. Raises Conflict when the work was called off meanwhile."""
        self._telling.at(entries)

    def close(self) -> None:
        """Nothing more comes; the archive has them when the transaction ends."""


def ask_export(tx: Tx, scope: Scope, ledger: Ledger, person: Person) -> int:
    """Have the entries of a scope written for a ledger. Returns the job's id.

    Raises Refused (role), NotFound (no such target), Conflict when there is nothing that it was not given before.
    """
    demand_role(person, ACT)
    target = export_named(scope.target)
    exports.lock_target(tx.connection, scope.target)
    count = exports.count_entries(tx.connection, scope)
    if not count:
        raise Conflict(
            f"Nothing to export: {target.title} was given every such entry before{_last(tx, scope.target)}. "
            "Give them again to repeat."
        )
    days = "".join(f" {word} {day}" for word, day in (("from", scope.since), ("to", scope.until)) if day)
    title = f"Export {count:,} {'entry' if count == 1 else 'entries'} for {target.title}{days}"
    args = {"scope": to_json(scope), "ledger": ledger.as_json(), "entries": count}
    if count > AT_ONCE:
        return ask_work(tx, KIND, title, args, person)
    number = note_work(tx, KIND, title, args, person)
    do_at_once(tx, number)
    return number


def _last(tx: Tx, target: str) -> str:
    """Who gave it the last of them, and when."""
    last = next(iter(exports.list_exports(tx.connection, target=target, limit=1)), None)
    return f", the last by {last.actor} at {write_instant(last.exported_at)}" if last else ""


def _plan(tx: Tx, job: Job) -> Plan:
    return Plan([None], int(job.args["entries"]), "entries")


def _write(tx: Tx, job: Job, _piece: Any) -> Piece:
    scope = from_json(job.args["scope"], Scope)
    target = export_named(scope.target)
    with Papers(DOCUMENT) as papers:
        shelf = ArchiveShelf(papers, target, f"{scope.target}-{tx.now:%Y-%m-%d}-{job.id}", Telling(tx, job))
        done = export_journal(tx, scope, Ledger.from_json(job.args["ledger"]), asker_of(job), shelf)
        if done is None:
            return Piece(0)
        files = papers.keep(tx)
    note_in_place(tx, done.id)
    tx.count(Tally("entries", int(job.args["entries"]), {"written": done.entries}))
    return Piece(done.entries, {"export": done.id, "entries": done.entries, "files": files})


def _end(tx: Tx, job: Job, found: Sequence[Any]) -> End:
    target = export_named(job.args["scope"]["target"])
    written = found[0]
    if written is None:
        return End(f"Nothing was left: {target.title} was given every such entry meanwhile.", {"files": []})
    files = len(written["files"])
    entries = f"{written['entries']:,} {'entry' if written['entries'] == 1 else 'entries'}"
    words = f"Export {written['export']}: {entries} for {target.title}"
    result = {**written, "notes": list(target.notes), "links": [["All exports", "/journal/export"]]}
    return End(f"{words} in {files} {'file' if files == 1 else 'files'}.", result)


def _stays(_job: Job) -> str:
    return "Nothing of it was kept: the ledger was given no entry, and all of them can be exported again."


WORK = LongWork(KIND, "export_journal", _plan, _write, _end, _stays, whole=True)
