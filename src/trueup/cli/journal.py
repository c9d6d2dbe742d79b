"""`trueup journal`: the books. Entries, balances, the chart, and exports to other ledgers that never give an entry twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trueup.base.errors import Invalid, TrueupError
from trueup.base.money import exact_decimal
from trueup.cli import journal_lines, ledgers
from trueup.cli.frame import By, Limit, Result, Session, command, person_of
from trueup.cli.journal_lines import Since, Until
from trueup.cli.shelf import FileShelf, NoShelf
from trueup.cli.statements import Names, block, document_words, grouped, load_names, read_day
from trueup.cli.tables import Column
from trueup.formats.journal_export import export_named, known_exports
from trueup.storage.views import exports as export_views
from trueup.storage.views import journal as views
from trueup.workflows.export_journal import Ledger, Scope, Shelf, export_journal, note_in_place, write_again

if TYPE_CHECKING:
    from trueup.app import Application
    from trueup.settings.model import BooksSettings
    from trueup.workflows.export_journal import Export

group = typer.Typer(
    name="journal",
    help="The books: list, show, balances, accounts, exports, export, sent, read-back, lines, sheet.",
    no_args_is_help=True,
)
_COLUMNS = (
    Column("id", "id", number=True),
    Column("day", "day"),
    Column("kind", "kind"),
    Column("what", "narration", wrap=True),
    Column("lines", "lines", number=True),
    Column("debits", lambda row: ", ".join(grouped(each) for each in row["debits"]), number=True),
    Column("by", "actor", spare=True),
)
_EXPORTS = (
    Column("id", "id", number=True),
    Column("format", "target"),
    Column("entries", lambda row: f"{row['entries']:,}", number=True),
    Column("from", "from", spare=True),
    Column("to", "to", spare=True),
    Column("again", "again", spare=True),
    Column("files", lambda row: [Path(each["name"]).name for each in row["files"]], wrap=True),
    Column("by", "by"),
    Column("at", "at"),
    Column("state", "state"),
)


@command(group, "list", example="trueup journal list --from 2026-10-01 --account 2950")
def list_entries(
    session: Session,
    since: Since = None,
    until: Until = None,
    account: Annotated[str | None, typer.Option(help="With a line on this account.")] = None,
    kind: Annotated[str | None, typer.Option(help="remittance, correction, invoice, write-off.")] = None,
    before: Annotated[int | None, typer.Option(help="From before this id: the next page.")] = None,
    limit: Limit = 50,
) -> Result:
    """List entries, the latest first."""
    wanted = views.EntryFilter(read_day(since, "--from"), read_day(until, "--to"), account, kind)
    with session.look() as connection:
        rows = views.list_entries(connection, wanted, before=before, limit=limit)
    return Result(
        rows,
        _COLUMNS,
        nothing="No entry is like that." if any((since, until, account, kind)) else "The journal is empty.",
    )


@command(group, "show", example="trueup journal show amazon-us/700123456")
def show_entry(session: Session, entry: Annotated[str, typer.Argument(help="The entry's id or key.")]) -> Result:
    """Show one entry: every line with its account, what it is about and what decided it; the document; where it was exported."""
    with session.look() as connection:
        shown = views.show_entry(connection, views.find_entry(connection, entry))
    return Result(shown, words="\n".join(_told(shown, load_names(session))).rstrip())


def _told(shown: Mapping[str, Any], names: Names) -> Iterator[str]:
    yield f"Entry {shown['id']}, {shown['day']}: {shown['narration']}"
    yield f"  {shown['key']}, {shown['kind']} by {shown['actor']}; from {document_words(shown['document'])}"
    if shown["reverses"]:
        yield f"  takes back {shown['reverses']}"
    yield ""
    rows = [("", "account", "debit", "credit", "about")]
    rows += [
        (
            str(each["number"]),
            names.account(each["account"]),
            grouped(each["debit"]),
            grouped(each["credit"]),
            _about(each, names),
        )
        for each in shown["lines"]
    ]
    debit, credit, about = (max(len(row[place]) for row in rows) for place in (2, 3, 4))
    yield from block(
        "Lines", [(*row[:2], row[2].rjust(debit), row[3].rjust(credit), row[4].ljust(about)) for row in rows]
    )
    yield from block(
        "Exported", [(f"export {each['export']}", each["target"], each["at"][:10]) for each in shown["exports"]]
    )


def _about(line: Mapping[str, Any], names: Names) -> str:
    """What it is about; the kind of case for what waits, what made it for the payment as a whole."""
    kind = str(line["case"] or "").partition(" ")[0]
    what = kind or (names.type(line["type"]) if line["type"] else line["rule"])
    return ", ".join(text for text in (line["reference"], what) if text)


@command(group, "balances", example="trueup journal balances --on 2026-10-31")
def show_balances(
    session: Session,
    on: Annotated[str | None, typer.Option(help="At the end of this day; now when left out.", metavar="DAY")] = None,
) -> Result:
    """Show what every account comes to, by currency. All debits are all credits, in each currency."""
    with session.look() as connection:
        rows = views.load_balances(connection, read_day(on, "--on"))
    if not rows:
        return Result(rows, nothing="Nothing is booked.")
    names = load_names(session)
    said: list[str] = []
    for currency in dict.fromkeys(row["currency"] for row in rows):
        of_currency = [row for row in rows if row["currency"] == currency]
        said += _balances(currency, of_currency, names)
    data = [{**row, "name": names.accounts.get(row["account"])} for row in rows]
    return Result(data, words="\n".join(said).rstrip())


def _balances(currency: str, rows: Sequence[Mapping[str, Any]], names: Names) -> list[str]:
    sides = ("debits", "credits", "balance")
    shown = [
        (names.account(row["account"]), *(grouped(row[side]).removesuffix(f" {currency}") for side in sides))
        for row in rows
    ]
    sums = (str(sum((Decimal(row[side].split()[0]) for row in rows), Decimal())) for side in sides)
    total = ("all", *(grouped(f"{each} {currency}").removesuffix(f" {currency}") for each in sums))
    table = [("account", "debits", "credits", "balance"), *shown, total]
    widths = [max(len(row[place]) for row in table) for place in range(4)]
    aligned = [(row[0], *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))) for row in table]
    return block(currency, aligned[:-1], aligned[-1])


@command(group, "accounts", example="trueup journal accounts")
def show_accounts(session: Session) -> Result:
    """Show the chart: every account, and what is posted to it."""
    with session.open() as app:
        chart = app.world.books.chart
    rows = [
        {
            "code": account.code,
            "name": account.name,
            "type": account.type.value,
            "for": sorted(purpose.value for purpose, code in chart.purposes.items() if code == account.code),
            "deductions": sorted(name for name, code in chart.by_type.items() if code == account.code),
        }
        for account in chart.accounts
    ]
    columns = (
        Column("code", "code"),
        Column("name", "name"),
        Column("type", "type"),
        Column("for", "for", wrap=True),
        Column("deductions", "deductions", wrap=True, spare=True),
    )
    return Result(rows, columns)


@command(group, "exports", example="trueup journal exports --format xero")
def list_exports(
    session: Session,
    target: Annotated[str | None, typer.Option("--format", help="To this format alone.")] = None,
    limit: Limit = 50,
) -> Result:
    """List what was exported, and how far it is known to have come: prepared, sent, read back.

    Exit code 1 when the files of an export were never said to be in place, or its ledger shows something else.
    """
    with session.look() as connection:
        rows = export_views.list_exports(connection, target=target, limit=limit)
    return Result(
        rows,
        _EXPORTS,
        findings=any(row["state"] in ("recorded", "differs") for row in rows),
        nothing="Nothing was exported yet.",
    )


@command(
    group,
    "export",
    writes=True,
    example="trueup journal export --format xero -o october.csv --to 2026-10-31 --by 'Fay Finance'",
)
def export(
    session: Session,
    by: By,
    target: Annotated[
        str | None,
        typer.Option("--format", help="hledger, beancount, csv, xero, quickbooks, netsuite, sage, intacct, sage-us."),
    ] = None,
    since: Since = None,
    until: Until = None,
    again: Annotated[bool, typer.Option("--again", help="What the format was given before, too.")] = False,
    redo: Annotated[
        int | None, typer.Option(help="Write this export again, as it was; its files are lost.", metavar="ID")
    ] = None,
    base: Annotated[
        str | None, typer.Option(help="The ledger's currency, if not that of the settings.", metavar="CUR")
    ] = None,
    rate: Annotated[
        list[str] | None,
        typer.Option(help="What one of another currency is in the ledger's: EUR=1.0834.", metavar="CUR=RATE"),
    ] = None,
) -> Result:
    """Write entries as the import file of another ledger: what that format was not given before, unless --again says so.

    Nothing is given twice: an entry that went into a file is recorded with it. The file is written whole or not at all.
    How the ledger is set up (its currency, names, order of dates) stands in the table books of the settings.
    """
    output, session.output = session.output, None
    if output is None and not session.dry_run:
        raise Invalid("journal export needs a file to write: say --output FILE.")
    if (target is None) == (redo is None):
        raise Invalid(f"Say either --format (one of {', '.join(sorted(known_exports()))}) or --redo ID.")
    days = read_day(since, "--from"), read_day(until, "--to")
    with session.open() as app, session.progress("Exporting", None):
        person = person_of(app.settings.people, by)
        if redo is not None:
            done = _write(session, app, output, partial(_again, number=redo, person=person))
        else:
            ledger = _ledger(app.settings.books, base, rate or [])
            scope = Scope(str(target), *days, again)
            done = _write(session, app, output, partial(_new, scope=scope, ledger=ledger, person=person))
    return _exported(session, done, str(target))


def _new(tx: Any, shelf: Shelf, *, scope: Scope, ledger: Ledger, person: Any) -> Export | None:
    return export_journal(tx, scope, ledger, person, shelf)


def _again(tx: Any, shelf: Shelf, *, number: int, person: Any) -> Export | None:
    return write_again(tx, number, person, shelf)


def _write(session: Session, app: Application, output: Path | None, write: Any) -> Export | None:
    """Record first, then give the files their names, then say that they have them: see `workflows.export_journal`."""
    if session.dry_run or output is None:
        tried: Export | None = app.act(True, lambda tx: write(tx, NoShelf()))
        return tried
    with FileShelf(output) as shelf:
        done: Export | None = app.act(False, lambda tx: write(tx, shelf))
        if done is not None:
            try:
                shelf.place()
            except TrueupError as error:
                raise type(error)(
                    f"{error} Export {done.id} is recorded: write it again with --redo {done.id}."
                ) from error
            app.act(False, note_in_place, done.id)
    return done


def _ledger(books: BooksSettings, base: str | None, rates: Sequence[str]) -> Ledger:
    """How the ledger is set up: as [books] of the settings says, with this export's own rates."""
    return Ledger.of(books, _rates(rates), base or "")


def _rates(said: Sequence[str]) -> dict[str, Decimal]:
    rates = {}
    for each in said:
        currency, equals, rate = each.partition("=")
        if not equals:
            raise Invalid(f"--rate {each}: expected a currency and its rate, such as EUR=1.0834.")
        rates[currency.strip().upper()] = exact_decimal(rate.strip())
    return rates


def _exported(session: Session, done: Export | None, target: str) -> Result:
    if done is None:
        words = f"Nothing to export: {target} was given every such entry before. --again gives them once more."
        return Result({"export": None, "entries": 0, "files": [], "dry_run": session.dry_run}, words=words)
    data = {
        "export": None if session.dry_run else done.id,
        "format": done.scope.target,
        "entries": done.entries,
        "files": [dict(each) for each in done.files],
        "dry_run": session.dry_run,
    }
    title = export_named(done.scope.target)
    head = f"{done.entries:,} {'entry' if done.entries == 1 else 'entries'} for {title.title}"
    said = [f"Would export {head} (dry run: nothing written)." if session.dry_run else f"Export {done.id}: {head}."]
    said += [f"  {each['name']}  {each['size_bytes']:,} bytes  {each['sha256'][:16]}" for each in done.files]
    return Result(data, words="\n".join(said), remark="\n".join(f"note: {note}" for note in title.notes))


group.registered_commands += [*ledgers.group.registered_commands, *journal_lines.group.registered_commands]
