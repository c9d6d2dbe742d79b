"""`trueup journal lines` and `sheet`: lines of the journal by day, account, kind, currency and side; listed, and as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from trueup.base.errors import Invalid
from trueup.base.money import Money, check_currency
from trueup.cli.frame import Limit, Result, Session, command
from trueup.cli.statements import counted, grouped, load_names, read_day
from trueup.cli.tables import Column
from trueup.reports.journal_lines import rows_of_lines, write_lines_workbook
from trueup.storage.views import journal as views
from trueup.storage.views.journal_lines import count_lines, page_lines, stream_lines, sum_lines
from trueup.workflows.jobs.list_journal_lines import write_lines_csv

group = typer.Typer()
Since = Annotated[str | None, typer.Option("--from", help="Of this day or later.", metavar="DAY")]
Until = Annotated[str | None, typer.Option("--to", help="Of this day or before.", metavar="DAY")]
_LINES = (
    Column("entry", "entry", number=True),
    Column("day", "day"),
    Column("account", "account"),
    Column("debit", lambda row: grouped(row["debit"]), number=True),
    Column("credit", lambda row: grouped(row["credit"]), number=True),
    Column("reference", "reference"),
    Column("type", "type", spare=True),
    Column("rule", "rule", spare=True),
    Column("what", "narration", wrap=True, spare=True),
)
Account = Annotated[str | None, typer.Option(help="On this account alone; several with commas between.")]
Kind = Annotated[str | None, typer.Option(help="remittance, correction, invoice, write-off.")]
Currency = Annotated[str | None, typer.Option(help="In this currency alone.")]
Of = Annotated[str | None, typer.Option("--side", help="debit or credit.")]


def _lines_wanted(days: tuple[str | None, str | None], about: tuple[str | None, ...]) -> views.EntryFilter:
    account, kind, currency, side = about
    if side not in (None, "debit", "credit"):
        raise Invalid(f"--side {side}: expected debit or credit.")
    code = currency.upper() if currency else None
    if code:
        check_currency(code)
    since, until = read_day(days[0], "--from"), read_day(days[1], "--to")
    return views.EntryFilter(since, until, account, kind, code, side, alone=True)


@command(group, "lines", example="trueup journal lines --from 2026-10-01 --account 2950 --side debit")
def list_lines(
    session: Session,
    since: Since = None,
    until: Until = None,
    account: Account = None,
    kind: Kind = None,
    currency: Currency = None,
    side: Of = None,
    at: Annotated[str, typer.Option(help="The place of the next page, as the page before tells it.")] = "",
    limit: Limit = 50,
) -> Result:
    """List lines, the latest first, and what all that the filters leave come to in each currency: debits, credits, the rest."""
    wanted = _lines_wanted((since, until), (account, kind, currency, side))
    with session.look() as connection:
        paged, totals = page_lines(connection, wanted, at, limit), sum_lines(connection, wanted)
    rows = [_line(row) for row in paged.rows]
    data = {"lines": rows, "totals": totals, "next": paged.after or None}
    remark = "\n".join(
        f"{counted(row['lines'])}: debits {grouped(row['debits'])}, credits {grouped(row['credits'])}, between them"
        f" {grouped(row['balance'])}."
        for row in totals
    )
    more = f"\nMore: --at {paged.after}" if paged.after else ""
    return Result(data, _LINES, rows=rows, remark=remark + more, nothing="No line is like that.")


def _line(row: Mapping[Any, Any]) -> dict[str, Any]:
    minor, currency = row["minor"], row["currency"]
    return {
        "entry": row["id"],
        "number": row["number"],
        "day": row["day"].isoformat(),
        "kind": row["kind"],
        "account": row["account"],
        "debit": str(Money(minor, currency)) if minor > 0 else None,
        "credit": str(Money(-minor, currency)) if minor < 0 else None,
        **{name: row[name] or None for name in ("reference", "type", "rule", "claim", "invoice")},
        "narration": row["narration"],
        "document": row["told_in"] or row["evidence"],
        "place": row["place"] or None,
    }


@command(group, "sheet", example="trueup journal sheet --account 2950 -o suspense.xlsx")
def write_sheet(
    session: Session,
    since: Since = None,
    until: Until = None,
    account: Account = None,
    kind: Kind = None,
    currency: Currency = None,
    side: Of = None,
) -> Result:
    """Write such lines, all of them, as a table: .xlsx, with the totals of each currency, or .csv."""
    wanted = _lines_wanted((since, until), (account, kind, currency, side))
    output, session.output = session.output, None
    form = output.suffix.lower() if output is not None else ""
    if output is None or form not in (".xlsx", ".csv"):
        raise Invalid("journal sheet needs a file to write, .xlsx or .csv: say --output FILE.")
    account_name = load_names(session).account
    with session.look() as connection, session.written(output, "wb") as file:
        count = count_lines(connection, wanted)
        rows = rows_of_lines(stream_lines(connection, wanted), account_name, totals=form == ".xlsx")
        if form == ".xlsx":
            write_lines_workbook(file, rows, "Lines of the journal", session.now())
        else:
            write_lines_csv(file, rows)
    return Result({"file": str(output), "lines": count}, words=f"{counted(count) or 'No line'} in {output}.")
