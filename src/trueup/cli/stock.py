"""`trueup stock`: counts that a person or a warehouse declares, and what orders hold of each product."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trueup.cli import stock_buffers, stock_drift, stock_sums
from trueup.cli.documents import finding_json
from trueup.cli.frame import By, Limit, Result, Session, command, person_of
from trueup.cli.tables import Column, amount
from trueup.cli.uploads import read_upload, told_findings
from trueup.storage.views import stock as views
from trueup.workflows.declare_stock import count_of
from trueup.workflows.import_products import archive_upload
from trueup.workflows.limit_counts import declare_within
from trueup.workflows.take_in_counts import KIND, Declared
from trueup.workflows.world import Tx

group = typer.Typer(
    name="stock",
    help="What may be sold and why: declare, list, show, history, policy, buffers, set-buffer, undo-buffer, drift, comparisons.",
    no_args_is_help=True,
)
_COLUMNS = (
    Column("sku", "sku"),
    Column("title", "title", wrap=True, spare=True),
    Column("location", "location"),
    Column("counted by", "counted_by"),
    Column("declared", "declared_on_hand", number=True),
    Column("on", "declared_at", spare=True),
    Column("reserved", "reserved", number=True),
    Column("claimed", "claimed", number=True),
    Column("lines", "order_lines", number=True, spare=True),
    Column("free", "free", number=True),
)
_COUNTS = (
    Column("sku", "sku"),
    Column("location", "location"),
    Column("before", "before", number=True),
    Column("on hand", "on_hand", number=True),
)


@command(
    group,
    "declare",
    writes=True,
    example="trueup stock declare --sku LAMP-1 --location main --on-hand 48 --by 'Ana Admin'",
)
def declare(
    session: Session,
    by: By,
    file: Annotated[Path | None, typer.Argument(help="Counts as CSV with the columns sku, location, on_hand.")] = None,
    sku: Annotated[str | None, typer.Option(help="One product instead of a file.")] = None,
    location: Annotated[str | None, typer.Option(help="Where it was counted: an agreement's ship_from.")] = None,
    on_hand: Annotated[int | None, typer.Option(min=0, help="Eaches that lie there.")] = None,
) -> Result:
    """Declare counts of products that no shop counts, whole or not at all. Exit code 1 when there is anything to mend.

    Above the limit, by what all of them change together at the agreed costs, they wait for a second person.
    """
    content = read_upload(file) if file else count_of(sku, location, on_hand)
    name = file.name if file else f"{sku} at {location}"
    with session.open() as app, session.progress(f"Declaring {name}", None):
        person = person_of(app.settings.people, by)

        def act(tx: Tx) -> tuple[Declared, int | None]:
            archive_upload(tx, content, KIND, name, person)
            return declare_within(tx, content, person, app.settings.two_persons_above)

        done, proposal = app.act(session.dry_run, act)
    findings = [finding_json(finding) for finding in done.findings]
    data = {
        "taken": done.taken,
        "counts": list(done.counts),
        "findings": findings,
        "digest": done.digest,
        "proposal": proposal,
        "dry_run": session.dry_run,
    }
    remark = told_findings(findings) + _said(session, done, proposal)
    return Result(data, _COUNTS, rows=done.counts, remark=remark, findings=bool(findings))


def _said(session: Session, done: Declared, proposal: int | None) -> str:
    """What came of it, or would."""
    counts = amount(len(done.counts), "count")
    if proposal is not None and session.dry_run:
        return f"Would propose {counts}: together they are above the limit, and a second person decides (dry run: nothing kept)."
    if proposal is not None:
        return f"Proposed {counts}. A second person approves them: trueup cases approve {proposal}."
    if not done.taken:
        return "Nothing was declared: mend the errors and declare the whole file again."
    if session.dry_run:
        return f"Would declare {counts} (dry run: nothing kept)."
    return f"Declared {counts}. Evidence {done.digest[:16]}."


@command(group, "list", example="trueup stock list --location main")
def list_stock(
    session: Session,
    location: Annotated[str | None, typer.Option(help="At this location alone.")] = None,
    after: Annotated[str, typer.Option(help="From after this SKU: the next page.")] = "",
    limit: Limit = 50,
) -> Result:
    """List products with a declared count or a reservation: what orders hold, what the shop claimed, what is free."""
    with session.look() as connection:
        rows = views.list_stock(connection, location=location, after=after, limit=limit)
    return Result(rows, _COLUMNS)


group.registered_commands += stock_sums.group.registered_commands + stock_buffers.group.registered_commands
stock_drift.register(group)
