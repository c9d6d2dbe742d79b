"""`trueup bank`: what really came in. Import statements, look at movements and ties, say which payment a movement is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from trueup.base.errors import Invalid, Unreadable
from trueup.cli.documents import finding_json
from trueup.cli.frame import By, Limit, Result, Session, command, person_of
from trueup.cli.statements import counted, grouped, read_day
from trueup.cli.tables import Column, amount
from trueup.cli.uploads import read_upload, told_findings
from trueup.domain.bank import meant_references
from trueup.storage.views import bank as views
from trueup.workflows.import_bank import KIND, ImportedBank, import_bank, tie_by_hand, untie
from trueup.workflows.import_products import archive_upload
from trueup.workflows.tie_bank import BankFile

group = typer.Typer(
    name="bank", help="What really came in: import, lines, ties, accounts, tie, untie.", no_args_is_help=True
)
_LINES = (
    Column("id", "id", number=True),
    Column("booked", "booked_on"),
    Column("amount", lambda row: grouped(row["amount"]), number=True),
    Column("payer", "payer", wrap=True),
    Column("says", lambda row: " ".join([*meant_references(row["references"]), row["text"]]), wrap=True, spare=True),
    Column("is payment", "payments", wrap=True),
    Column("by", "rule"),
    Column("account", "account", spare=True),
)
_TIES = (
    Column("id", "id", number=True),
    Column("payments", "payments", wrap=True),
    Column("bank lines", "lines", wrap=True),
    Column("because", lambda row: row["why"] or row["rule"], wrap=True),
    Column("by", "by"),
)
_ACCOUNTS = (
    Column("account", "account"),
    Column("currency", "currency"),
    Column("known since", "known_since"),
    Column("known until", "known_until"),
    Column("lines", lambda row: f"{row['lines']:,}", number=True),
)


@command(group, "import", writes=True, example="trueup bank import october.xml --by 'Fay Finance'")
def import_files(
    session: Session,
    files: Annotated[
        list[Path], typer.Argument(help="Bank statements: camt.053, MT940, BAI2, or CSV of online banking.")
    ],
    by: By,
    account: Annotated[str, typer.Option(help="Of which account a CSV is that names none.")] = "",
    currency: Annotated[str, typer.Option(help="The currency of a CSV that names none.")] = "",
) -> Result:
    """Take statements in and hold every payment against them. The same again changes nothing. Exit code 1 when anything differs."""
    done: list[dict[str, Any]] = []
    with session.open() as app, session.progress("Importing statements", len(files)) as advance:
        person = person_of(app.settings.people, by)
        for path in files:
            content = read_upload(path)
            file = BankFile(content, account.strip().upper().replace(" ", ""), currency.strip().upper())
            # Two transactions: a file that cannot be read is in the archive all the same.
            app.act(session.dry_run, archive_upload, content, KIND, path.name, person)
            try:
                done.append(_imported(path, app.act(session.dry_run, import_bank, file, person)))
            except Unreadable as error:
                raise Unreadable(f"{path}: {error}") from None
            advance(1)
    findings = [finding for each in done for finding in each["findings"]]
    last = done[-1]
    words = "\n".join([*(_told(each) for each in done), _stands(last), "(Dry run: nothing kept.)" * session.dry_run])
    data = {"files": done, "dry_run": session.dry_run}
    return Result(data, words=words, remark=told_findings(findings), findings=bool(findings or last["differences"]))


def _imported(path: Path, done: ImportedBank) -> dict[str, Any]:
    return {
        "name": path.name,
        "format": done.format,
        "statements": done.taken.statements,
        "new": done.taken.new,
        "known": done.taken.same + done.taken.fuller,
        "tied": done.tied,
        "differences": done.proven.open,
        "closed": done.proven.closed,
        "findings": [finding_json(finding) for finding in done.findings],
        "digest": done.digest,
    }


def _told(each: dict[str, Any]) -> str:
    return f"{each['name']}: {amount(each['new'], 'new movement')}, {each['known']:,} known. Evidence {each['digest'][:16]}."


def _stands(last: dict[str, Any]) -> str:
    words = f"{amount(last['tied'], 'tie')} between payments and the bank."
    if last["differences"]:
        return f"{words} {counted(last['differences'], 'difference')}: `trueup cases list --kind bank.`"
    return f"{words} Nothing differs."


@command(group, "lines", example="trueup bank lines --untied --since 2026-10-01")
def list_lines(
    session: Session,
    since: Annotated[str | None, typer.Option(help="Booked on this day or later.", metavar="DAY")] = None,
    untied: Annotated[bool, typer.Option("--untied", help="Only credits that are no payment yet.")] = False,
    before: Annotated[int | None, typer.Option(help="From before this id: the next page.")] = None,
    limit: Limit = 50,
) -> Result:
    """List movements, the latest first, each with the payment it is and by what it was told."""
    day = read_day(since, "--since")
    with session.look() as connection:
        rows = views.list_bank_lines(connection, since=day, untied=untied, before=before, limit=limit)
    nothing = "No movement is like that." if since or untied else "No statement was imported yet."
    return Result(rows, _LINES, nothing=nothing)


@command(group, "ties", example="trueup bank ties --by-person")
def list_ties(
    session: Session,
    by_person: Annotated[bool, typer.Option("--by-person", help="Only those that a person made.")] = False,
    limit: Limit = 50,
) -> Result:
    """List which payments are which movements, and why."""
    with session.look() as connection:
        rows = views.list_ties(connection, by_person=by_person, limit=limit)
    return Result(rows, _TIES, nothing="Nothing is tied yet.")


@command(group, "accounts", example="trueup bank accounts")
def list_accounts(session: Session) -> Result:
    """List accounts, and from when to when each is known."""
    with session.look() as connection:
        rows = views.list_accounts(connection)
    return Result(rows, _ACCOUNTS, nothing="No statement was imported yet.")


@command(group, "tie", writes=True, example="trueup bank tie 700123456 88 --by 'Fay Finance'")
def tie(
    session: Session,
    payment: Annotated[str, typer.Argument(help="The payment's number, or PARTNER/NUMBER; several with commas.")],
    lines: Annotated[list[int], typer.Argument(help="Bank lines by id.", metavar="LINE...")],
    by: By,
    because: Annotated[str, typer.Option(help="Why, where the sums differ.")] = "",
) -> Result:
    """Say which movements a payment is. It stands, whatever is imported later."""
    with session.open() as app:
        partners = sorted(app.world.partners)
        payments = [_named(name.strip(), partners) for name in payment.split(",") if name.strip()]
        done = app.act(session.dry_run, tie_by_hand, payments, lines, person_of(app.settings.people, by), because)
    data = {"payments": list(done.payments), "lines": list(done.lines), "why": done.why, "dry_run": session.dry_run}
    would = "Would tie" if session.dry_run else "Tied"
    return Result(data, words=f"{would} {' and '.join(done.payments)} to {' and '.join(done.lines)}.")


@command(group, "untie", writes=True, example="trueup bank untie 12 --by 'Fay Finance'")
def take_back(
    session: Session, tie_id: Annotated[int, typer.Argument(help="The id of a tie that a person made.")], by: By
) -> Result:
    """Take back a tie that a person made."""
    with session.open() as app:
        done = app.act(session.dry_run, untie, tie_id, person_of(app.settings.people, by))
    data = {"payments": list(done.payments), "lines": list(done.lines), "dry_run": session.dry_run}
    would = "Would untie" if session.dry_run else "Untied"
    return Result(data, words=f"{would} {' and '.join(done.payments)} from {' and '.join(done.lines)}.")


def _named(name: str, partners: list[str]) -> str:
    if "/" in name:
        return name
    if len(partners) != 1:
        raise Invalid(f"Payment {name}: of which partner? Write PARTNER/{name} (known: {', '.join(partners)}).")
    return f"{partners[0]}/{name}"
