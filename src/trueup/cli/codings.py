"""`trueup remittances undo`, `sheet` and `code`: a match taken apart, and lines in suspense coded in a sheet, out and in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.frame import By, Result, Session, command, person_of
from trueup.cli.statements import grouped
from trueup.cli.tables import Column
from trueup.cli.uploads import read_upload
from trueup.cli.written import write_listed

if TYPE_CHECKING:
    from trueup.workflows.hand_in_codings import HandedInCodings

group = typer.Typer()
_CODED = (
    Column("payment", "remittance", number=True),
    Column("line", "line", number=True),
    Column("is", "type"),
    Column("amount", lambda row: grouped(row["amount"]) if row["amount"] else "", number=True),
    Column("outcome", lambda row: row["refused"] or row["outcome"], wrap=True),
)


@command(
    group, "undo", writes=True, example="trueup remittances undo 12 4 --reason 'another invoice' --by 'Fay Finance'"
)
def undo(
    session: Session,
    payment: Annotated[int, typer.Argument(help="The payment's id.")],
    line: Annotated[int, typer.Argument(help="The line's number in it.")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why, for who looks at it later.")],
) -> Result:
    """Take apart what a line was posted as: it waits with a case again. Above the two-person limit it is only proposed."""
    from trueup.workflows.undo_match import undo_match

    with session.open() as app:
        person, limit = person_of(app.settings.people, by), app.settings.two_persons_above
        done = app.act(session.dry_run, undo_match, payment, line, person, reason, limit)
    lines = "1 line" if done.lines == 1 else f"{done.lines:,} lines"
    what = f"{lines} of {grouped(str(done.amount))}"
    if done.proposal is not None:
        words = f"Proposal {done.proposal} to undo {what}. A second person approves it: trueup cases approve {done.proposal}."
    else:
        verbs = ("is", "waits") if done.lines == 1 else ("are", "wait")
        words = f"{what} {verbs[0]} undone and {verbs[1]} in case {done.case}."
    data = {
        "lines": done.lines,
        "payments": done.payments,
        "amount": str(done.amount),
        "case": done.case,
        "proposal": done.proposal,
        "dry_run": session.dry_run,
    }
    return Result(data, words=f"{words}{' (dry run: nothing kept)' if session.dry_run else ''}")


@command(group, "sheet", example="trueup remittances sheet -o lines.xlsx")
def write_sheet(
    session: Session,
    partner: Annotated[str, typer.Option(help="Of this partner alone.")] = "",
    kind: Annotated[str, typer.Option(help="That wait in cases of this kind alone.")] = "",
) -> Result:
    """Write the lines in suspense as a workbook to be filled in: a type, and an account and a note where wanted."""
    from trueup.storage.views.waiting_lines import WaitingFilter

    name, count = write_listed(session, "remittances sheet", "waiting-lines", WaitingFilter(partner, kind, ""))
    lines = "1 line" if count == 1 else f"{count:,} lines"
    return Result({"file": name, "lines": count}, words=f"{lines} in {Path(name).name}: fill in types, then `code` it.")


@command(group, "code", writes=True, example="trueup remittances code lines.xlsx --by 'Fay Finance' --dry-run")
def code(
    session: Session,
    file: Annotated[Path, typer.Argument(help="The filled sheet, XLSX or CSV; - reads standard input.")],
    by: By,
) -> Result:
    """Book what a filled sheet says of lines in suspense; each stands by itself. Exit code 1 when a row was refused.

    Together above the two-person limit, nothing is booked: they are proposed as a whole, and a second person approves.
    Some hundred are booked at once; more are long work of a worker (`trueup jobs show`); a dry run of those is a job too.
    The file is archived before it is read, also for a dry run.
    """
    from trueup.workflows.hand_in_codings import hand_in_codings
    from trueup.workflows.limit_codings import code_within

    content = read_upload(file)
    with session.open() as app:
        person = person_of(app.settings.people, by)
        handed = app.act(False, lambda tx: hand_in_codings(tx, file.name, content, person, tried=session.dry_run))
        if handed.trouble is not None:
            raise handed.trouble
        if handed.job is not None:
            return _by_worker(session, handed)
        limit = app.settings.two_persons_above
        outcomes, proposal = app.act(session.dry_run, code_within, handed.codings, person, limit)
    done = "proposed" if proposal is not None else "booked"
    rows = [
        {
            "remittance": each.coding.remittance,
            "line": each.coding.line,
            "type": each.coding.type,
            "amount": str(each.amount) if each.amount is not None else None,
            "outcome": done,
            "refused": each.refused or None,
        }
        for each in outcomes
    ]
    notes = list(handed.notes)
    data = {"lines": rows, "findings": notes, "proposal": proposal, "dry_run": session.dry_run}
    approve = f"A second person approves it: trueup cases approve {proposal}." if proposal is not None else ""
    kept = "Dry run: nothing kept." if session.dry_run else ""
    remark = "\n".join(words for words in (*notes, approve, kept) if words)
    wrong = bool(notes) or any(each.refused for each in outcomes)
    return Result(data, _CODED, rows=rows, findings=wrong, remark=remark, nothing="No row of the sheet says a type.")


def _by_worker(session: Session, handed: HandedInCodings) -> Result:
    """A long sheet: a dry run asks for a trial of it, which changes nothing and stays to be looked at."""
    tried, count = session.dry_run, len(handed.codings)
    what, them = (f"{count:,} lines are", "them") if count else ("So long a sheet is", "it")
    does = f"a worker {'only tries' if tried else 'books'} {them}"
    words = f"{what} long work: {does}. See `trueup jobs show {handed.job}`."
    return Result({"job": handed.job, "lines": count or None, "dry_run": tried}, words=words)
