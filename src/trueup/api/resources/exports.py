"""Exports of the journal: what other ledgers were given, each entry once; and lists of its lines as spreadsheets. Long work."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import Query
from pydantic import Field, StrictBool

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.resources.jobs import WholeWork, whole_work
from trueup.api.resources.uploads import Content
from trueup.api.shapes import (
    AskedDay,
    Day,
    DryRun,
    Hash,
    Instant,
    Key,
    Line,
    Listed,
    Name,
    Number,
    Price,
    Shape,
    Told,
)
from trueup.storage.views.exports import list_exports, show_export
from trueup.storage.views.journal import EntryFilter
from trueup.workflows.export_journal import Ledger, Scope
from trueup.workflows.import_products import archive_upload
from trueup.workflows.jobs.export_journal import ask_export
from trueup.workflows.jobs.list_journal_lines import ask_lines
from trueup.workflows.read_back_export import DOCUMENT, Shown, note_sent, read_back
from trueup.workflows.receive_files import LARGEST_BYTES
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
    "state": "read-back",
    "sent_by": "Fina",
    "sent_at": "2026-11-02T09:20:00Z",
    "how": "imported by hand",
    "read_by": "Fina",
    "read_at": "2026-11-02T10:00:00Z",
}
_READ: dict[str, Any] = {
    "export": 3,
    "since": None,
    "until": None,
    "document": "0f" * 32,
    "accounts": 9,
    "differing": [
        {
            "account": "1200",
            "given": {"amount": "48210.77", "currency": "USD"},
            "found": {"amount": "48200.77", "currency": "USD"},
            "off": {"amount": "-10.00", "currency": "USD"},
        }
    ],
    "by": "Fina",
    "at": "2026-11-02T10:00:00Z",
}


class ExportedFile(Shape):
    """A file of an export; by its hash it is fetched from the archive, unless it was written from a terminal."""

    name: str
    sha256: str
    size_bytes: int


class LedgerExport(Shape, json_schema_extra={"examples": [_EXPORT]}):
    """What a ledger was given. `in_place`: its files are known to be there whole.

    `state`: recorded (its files were never said to be there), prepared, sent (somebody says that the ledger has them), differs or
    read-back: what the ledger's own balances showed. Only the last is proof.
    """

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
    state: Literal["recorded", "prepared", "sent", "differs", "read-back"]
    sent_by: str | None
    sent_at: Instant | None
    how: str
    read_by: str | None
    read_at: Instant | None


class DifferingAccount(Shape):
    """An account that comes to something else in the ledger; `found` is null where the file does not show it."""

    account: str
    given: Price
    found: Price | None
    off: Price


class LedgerRead(Shape, json_schema_extra={"examples": [_READ]}):
    """What a ledger showed: of which days, of how many accounts that it was given, and which of them differ."""

    export: int
    since: Day | None
    until: Day | None
    document: Hash
    accounts: int
    differing: list[DifferingAccount]
    by: str
    at: Instant


class WholeExport(LedgerExport, json_schema_extra={"examples": [{**_EXPORT, "first_day": "2026-10-01",
                  "last_day": "2026-10-31", "read_backs": [_READ]}]}):  # fmt: skip
    """An export with the days of its entries, and every time that its ledger was read back, the newest first."""

    first_day: Day
    last_day: Day
    read_backs: list[LedgerRead]


class HandedOver(Told, json_schema_extra={"examples": [{"how": "imported by hand"}]}):
    """How the files came to the ledger."""

    how: Line


class BalancesShown(Told):
    """What the file of balances is called, and of which days they are."""

    name: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f/\\]+$")
    """What the file is called; its ending says what it is."""
    since: AskedDay | None = None
    """The balances are of what moved from this day on; from the ledger's beginning where none is said."""
    until: AskedDay | None = None
    """The last day of the balances; to now where none is said."""
    dry_run: bool = False
    """Compare, tell what differs, and keep nothing."""


class LedgerWanted(
    Told, json_schema_extra={"examples": [{"target": "xero", "since": "2026-10-01", "until": "2026-10-31"}]}
):
    """Which entries to give to a ledger: of these days, both included; those it was given before too, if `again`."""

    target: str = Field(max_length=100, pattern=r"^[^\x00]*$")
    since: AskedDay | None = None
    until: AskedDay | None = None
    again: bool = False


class LinesWanted(Told, json_schema_extra={"examples": [{"form": "xlsx", "since": "2026-10-01", "account": "2950"}]}):
    """Which lines: those of the entries of these days, with a line on this account, made by this; of this currency and side alone.
    `alone`: those on that account alone, not all lines of such entries."""

    form: Literal["xlsx", "csv"]
    since: AskedDay | None = None
    until: AskedDay | None = None
    account: Name = ""
    kind: Name = ""
    currency: Name = ""
    side: Literal["debit", "credit"] | None = None
    alone: StrictBool = False


def list_given(
    call: Calling, limit: Annotated[int, Query(ge=1, le=200, description="How many.")] = 50
) -> Listed[LedgerExport]:
    """List what other ledgers were given, the newest first."""
    with call.look() as connection:
        rows = list_exports(connection, limit=limit)
    told = [{**row, "since": row["from"], "until": row["to"]} for row in rows]
    return Listed[LedgerExport](items=[LedgerExport.model_validate(each) for each in told])


def get_export(call: Calling, export: Number) -> WholeExport:
    """Tell of one export: its state, and what was read back of its ledger."""
    with call.look() as connection:
        return _whole(connection, export)


def _whole(connection: sa.Connection, export: int) -> WholeExport:
    row = show_export(connection, export)
    return WholeExport.model_validate({**row, "since": row["from"], "until": row["to"]})


def say_sent(call: Calling, export: Number, told: HandedOver, dry_run: DryRun = False, key: Key = None) -> WholeExport:
    """Say that an export was handed over to its ledger. Sent is not accepted: what is read back proves it."""

    def act(tx: Tx) -> WholeExport:
        note_sent(tx, export, told.how, call.person)
        return _whole(tx.connection, export)

    return call.once(act, key, dry_run=dry_run)


def read_ledger_back(
    call: Calling, export: Number, told: Annotated[BalancesShown, Query()], content: Content, key: Key = None
) -> LedgerRead:
    """Hand in the ledger's balances (a trial balance as CSV or XLSX) and compare them with all that it was given up to this export.

    The file is archived before it is read: one that cannot be read is refused, and kept. An account that comes to something else
    opens a case, which ends when a later file agrees.
    """
    came = False

    def keep(tx: Tx) -> None:
        if came and not told.dry_run:  # not where the key was used for another request
            archive_upload(tx, content, DOCUMENT, told.name, call.person)

    def act(tx: Tx) -> LedgerRead:
        nonlocal came
        came = True
        if not told.dry_run:
            archive_upload(tx, content, DOCUMENT, told.name, call.person)
        read_back(tx, export, Shown(content, told.since, told.until), call.person)
        return LedgerRead.model_validate(show_export(tx.connection, export)["read_backs"][0])

    return call.once(act, key, dry_run=told.dry_run, keep=keep)


def give(call: Calling, told: LedgerWanted, dry_run: DryRun = False, key: Key = None) -> WholeWork:
    """Export entries for another ledger, each once. Few are written at once; for many, a worker writes them and the job tells."""
    scope = Scope(told.target, told.since, told.until, told.again)
    ledger = Ledger.of(call.desk.settings.books)

    def act(tx: Tx) -> WholeWork:
        return whole_work(tx.connection, ask_export(tx, scope, ledger, call.person))

    return call.once(act, key, dry_run=dry_run)


def write_lines(call: Calling, told: LinesWanted, dry_run: DryRun = False, key: Key = None) -> WholeWork:
    """Write lines of the journal as a spreadsheet, however many. The job has the file."""
    of_lines = (told.currency.upper() or None, told.side, told.alone)
    wanted = EntryFilter(told.since, told.until, told.account or None, told.kind or None, *of_lines)

    def act(tx: Tx) -> WholeWork:
        return whole_work(tx.connection, ask_lines(tx, told.form, wanted, call.person))

    return call.once(act, key, dry_run=dry_run)


RESOURCE = Resource(
    "exports",
    "Exports of the journal",
    (
        Operation("/journal/exports", list_given),
        Operation("/journal/exports/{export}", get_export),
        Operation("/journal/exports/{export}/sent", say_sent, "journal.export", "POST"),
        Operation(
            "/journal/exports/{export}/read-back",
            read_ledger_back,
            "journal.export",
            "POST",
            largest_body=LARGEST_BYTES,
        ),
        Operation("/journal/exports", give, "journal.export", "POST", 202),
        Operation("/journal/line-lists", write_lines, "journal.export", "POST", 202),
    ),
)
