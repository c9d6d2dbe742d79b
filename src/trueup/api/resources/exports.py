"""Exports of the journal: what other ledgers were given, each entry once; and lists of its lines as spreadsheets. Long work."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import Field

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.resources.jobs import WholeWork, whole_work
from trueup.api.shapes import AskedDay, Day, DryRun, Instant, Key, Listed, Name, Shape, Told
from trueup.storage.views.journal import EntryFilter, list_exports
from trueup.workflows.export_journal import Ledger, Scope
from trueup.workflows.jobs.export_journal import ask_export
from trueup.workflows.jobs.list_journal_lines import ask_lines
from trueup.workflows.world import Tx

_EXPORT: dict[str, Any] = {
    "id": 3,
    "target": "xero",
    "entries": 41,
    "since": "2026-10-01",
    "until": "2026-10-31",
    "again": False,
    "files": [{"name": "xero-2026-11-02-12.csv", "sha256": "0f" * 32, "size_bytes": 8150}],
    "by": "Fina",
    "at": "2026-11-02T09:00:00Z",
    "in_place": True,
}


class ExportedFile(Shape):
    """A file of an export; by its hash it is fetched from the archive, unless it was written from a terminal."""

    name: str
    sha256: str
    size_bytes: int


class LedgerExport(Shape, json_schema_extra={"examples": [_EXPORT]}):
    """What a ledger was given. `in_place`: its files are known to be there whole."""

    id: int
    target: str
    entries: int
    since: Day | None
    until: Day | None
    again: bool
    files: list[ExportedFile]
    by: str
    at: Instant
    in_place: bool


class LedgerWanted(
    Told, json_schema_extra={"examples": [{"target": "xero", "since": "2026-10-01", "until": "2026-10-31"}]}
):
    """Which entries to give to a ledger: of these days, both included; those it was given before too, if `again`."""

    target: str = Field(max_length=100, pattern=r"^[^\x00]*$")
    since: AskedDay | None = None
    until: AskedDay | None = None
    again: bool = False


class LinesWanted(Told, json_schema_extra={"examples": [{"form": "xlsx", "since": "2026-10-01", "account": "2950"}]}):
    """Which lines: those of the entries of these days, with a line on this account, made by this."""

    form: Literal["xlsx", "csv"]
    since: AskedDay | None = None
    until: AskedDay | None = None
    account: Name = ""
    kind: Name = ""


def list_given(
    call: Calling, limit: Annotated[int, Query(ge=1, le=200, description="How many.")] = 50
) -> Listed[LedgerExport]:
    """List what other ledgers were given, the newest first."""
    with call.look() as connection:
        rows = list_exports(connection, limit=limit)
    told = [{**row, "since": row["from"], "until": row["to"]} for row in rows]
    return Listed[LedgerExport](items=[LedgerExport.model_validate(each) for each in told])


def give(call: Calling, told: LedgerWanted, dry_run: DryRun = False, key: Key = None) -> WholeWork:
    """Export entries for another ledger, each once. Few are written at once; for many, a worker writes them and the job tells."""
    scope = Scope(told.target, told.since, told.until, told.again)
    ledger = Ledger.of(call.desk.settings.books)

    def act(tx: Tx) -> WholeWork:
        return whole_work(tx.connection, ask_export(tx, scope, ledger, call.person))

    return call.once(act, key, dry_run=dry_run)


def write_lines(call: Calling, told: LinesWanted, dry_run: DryRun = False, key: Key = None) -> WholeWork:
    """Write lines of the journal as a spreadsheet, however many. The job has the file."""
    wanted = EntryFilter(told.since, told.until, told.account or None, told.kind or None)

    def act(tx: Tx) -> WholeWork:
        return whole_work(tx.connection, ask_lines(tx, told.form, wanted, call.person))

    return call.once(act, key, dry_run=dry_run)


RESOURCE = Resource(
    "exports",
    "Exports of the journal",
    (
        Operation("/journal/exports", list_given),
        Operation("/journal/exports", give, "journal.export", "POST", 202),
        Operation("/journal/line-lists", write_lines, "journal.export", "POST", 202),
    ),
)
