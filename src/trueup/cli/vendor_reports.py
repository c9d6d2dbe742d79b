"""`trueup reports`: Amazon's reports on our products: what was asked for and came, asking for one, and a product's history."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from trueup.cli.frame import By, Limit, Result, Session, command, person_of
from trueup.cli.tables import Column, amount
from trueup.domain.vendor_reports import ReportKind
from trueup.storage.views import vendor_reports as views
from trueup.workflows.request_report import WantedReport, request_report

group = typer.Typer(
    name="reports", help="Amazon's reports on our products: list, show, request, history.", no_args_is_help=True
)
_REPORTS = (
    Column("number", "id", number=True),
    Column("report", "report", wrap=True),
    Column("state", "state"),
    Column("made", "made_at"),
    Column("products", "products", number=True),
    Column("asked", "attempts", number=True, spare=True),
    Column("by", "asked_by", spare=True),
    Column("words", "words", wrap=True, spare=True),
    Column("source", "source", spare=True),
)
_MAIN = ("shippedUnits", "orderedUnits", "sellableOnHandInventoryUnits", "openPurchaseOrderUnits", "meanForecastUnits")


def _figures(row: Any) -> str:
    """The units first, then the rest."""
    figures = row["figures"]
    names = [*(name for name in _MAIN if name in figures), *(name for name in figures if name not in _MAIN)]
    return ", ".join(f"{name} {figures[name]}" for name in names)


_HISTORY = (
    Column("day", "begins"),
    Column("report", "kind"),
    Column("figures", _figures, wrap=True),
    Column("said", "said_at"),
    Column("confirmed", "confirmed_at", spare=True),
    Column("holds", "holds"),
    Column("asin", "asin", spare=True),
)


@command(group, "list", example="trueup reports list --state failed")
def list_reports(
    session: Session,
    state: Annotated[str | None, typer.Option(help="In this state alone: planned, asked, kept, empty, failed.")] = None,
    before: Annotated[int | None, typer.Option(help="From before this number: the next page.")] = None,
    limit: Limit = 50,
) -> Result:
    """List reports, the newest first: asked for, kept, empty or failed. Exit code 1 when one that is shown failed."""
    with session.look() as connection:
        rows = views.list_reports(connection, state=state, before=before, limit=limit)
    failed = any(row["state"] == "failed" for row in rows)
    return Result(rows, _REPORTS, findings=failed, nothing="No report was asked for yet.")


@command(group, "show", example="trueup reports show 12")
def show_report(
    session: Session, number: Annotated[int, typer.Argument(help="The report's number in `trueup reports list`.")]
) -> Result:
    """Show one report: what was asked, how often, what came of it, and the document in the archive."""
    with session.look() as connection:
        shown = views.show_report(connection, number)
    return Result(shown, findings=shown["state"] == "failed")


@command(
    group,
    "request",
    writes=True,
    example="trueup reports request sales --from 2026-11-01 --to 2026-11-14 --by 'Ana Admin'",
)
def request(
    session: Session,
    kind: Annotated[ReportKind, typer.Argument(help="Which report.")],
    by: By,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.", metavar="DAY")
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], help="The last day; the first alone without it.", metavar="DAY"),
    ] = None,
    source: Annotated[str | None, typer.Option(help="Of which source, where there are several.")] = None,
) -> Result:
    """Ask Amazon for a report now, again perhaps; it comes minutes later, and what it says anew is kept."""
    wanted = WantedReport(kind, first.date() if first else None, last.date() if last else None, source)
    with session.open() as app:
        done = app.act(session.dry_run, request_report, wanted, person_of(app.settings.people, by))
    rows = [{"report": words} for words in done["reports"]]
    said = f"{'Would ask for' if session.dry_run else 'Asked for'} {amount(len(rows), 'report')}"
    said += (
        " (dry run: nothing kept)." if session.dry_run else "; a worker obtains it, and `trueup reports list` shows it."
    )
    return Result({**done, "dry_run": session.dry_run}, (Column("report", "report"),), rows=rows, remark=said)


@command(group, "history", example="trueup reports history LAMP-1 --kind sales")
def history(
    session: Session,
    sku: Annotated[str, typer.Argument(help="The product.")],
    kind: Annotated[ReportKind | None, typer.Option(help="Of this report alone.")] = None,
    holding: Annotated[bool, typer.Option("--holding", help="Only what holds now.")] = False,
    limit: Limit = 100,
) -> Result:
    """Show what Amazon said of a product and when, restated days with both words, the newest day first."""
    with session.look() as connection:
        rows = views.list_history(connection, sku, kind=kind.value if kind else None, only_holding=holding, limit=limit)
    return Result(rows, _HISTORY, nothing=f"No report of Amazon's names {sku}.")
