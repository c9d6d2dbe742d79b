"""`trueup journal sent` and `read-back`: what became of an export: handed over, and what the ledger itself shows of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from trueup.base.errors import DocumentError
from trueup.cli.frame import By, Result, Session, command, person_of
from trueup.cli.statements import grouped, load_names, read_day
from trueup.cli.tables import Column
from trueup.cli.uploads import read_upload
from trueup.storage.views.exports import show_export

group = typer.Typer()
Since = Annotated[str | None, typer.Option("--from", help="Balances from this day on.", metavar="DAY")]
Until = Annotated[str | None, typer.Option("--to", help="Balances to this day, included.", metavar="DAY")]
ExportNumber = Annotated[int, typer.Argument(help="The export's id.", metavar="EXPORT")]


@command(group, "sent", writes=True, example="trueup journal sent 3 --how 'imported by hand' --by 'Fay Finance'")
def say_sent(
    session: Session,
    export: ExportNumber,
    by: By,
    how: Annotated[str, typer.Option(help="How the files came to the ledger.", metavar="TEXT")] = "imported by hand",
) -> Result:
    """Say that an export was handed over to its ledger. Sent is not accepted: read the ledger back to prove it."""
    from trueup.workflows.read_back_export import note_sent

    with session.open() as app:
        fresh = app.act(session.dry_run, note_sent, export, how, person_of(app.settings.people, by))
    said = f"Export {export} is noted as sent: {how}." if fresh else f"Export {export} was noted as sent before."
    data = {"export": export, "sent": True, "fresh": fresh, "dry_run": session.dry_run}
    return Result(data, words=f"{said}{' (dry run: nothing kept)' if session.dry_run else ''}")


@command(group, "read-back", writes=True, example="trueup journal read-back 3 trial-balance.csv --by 'Fay Finance'")
def read_ledger_back(
    session: Session,
    export: ExportNumber,
    file: Annotated[Path, typer.Argument(help="The ledger's balances, CSV or XLSX; - reads standard input.")],
    by: By,
    since: Since = None,
    until: Until = None,
) -> Result:
    """Hold a ledger's own balances against all that it was given up to an export. Exit code 1 when an account differs.

    The file is a trial balance: a row an account, with its code or name and a balance, or debits and credits. --from and --to say
    of which days it is. `hledger balance -O csv` writes such a file.
    """
    from trueup.workflows.read_back_export import Shown, take_in_shown

    content = read_upload(file)
    shown = Shown(content, read_day(since, "--from"), read_day(until, "--to"))
    with session.open() as app:
        person = person_of(app.settings.people, by)

        def act(tx: Any) -> Mapping[str, Any] | DocumentError:
            found = take_in_shown(tx, export, shown, file.name, person)
            if isinstance(found, DocumentError):
                return found
            told: Mapping[str, Any] = show_export(tx.connection, export)["read_backs"][0]
            return told

        read = app.act(session.dry_run, act)
    if isinstance(read, DocumentError):
        raise read
    names = load_names(session)
    columns = (
        Column("account", lambda row: names.account(row["account"]), wrap=True),
        Column("given", lambda row: grouped(row["given"]), number=True),
        Column("in the ledger", lambda row: grouped(row["found"]) if row["found"] else "not shown", number=True),
        Column("difference", lambda row: grouped(row["off"]), number=True),
    )
    rows = read["differing"]
    right = f"Export {export} is read back: all {read['accounts']} accounts come to what the ledger was given."
    return Result(
        {**read, "dry_run": session.dry_run},
        columns,
        rows=rows,
        findings=bool(rows),
        nothing=right,
        remark=f"{len(rows)} of {read['accounts']} accounts differ; a case says so." if rows else "",
    )
