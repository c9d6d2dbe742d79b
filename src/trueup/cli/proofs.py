"""`trueup proofs`: shipments, deliveries and receipts that are confirmed. Import and list; disputes show them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trueup.base.errors import Invalid
from trueup.cli.documents import finding_json
from trueup.cli.frame import By, Limit, Result, Session, command, person_of
from trueup.cli.tables import Column, amount
from trueup.cli.uploads import read_upload, told_findings
from trueup.storage.views import proofs as views
from trueup.workflows.import_products import archive_upload
from trueup.workflows.import_proofs import KIND, import_proofs

group = typer.Typer(
    name="proofs", help="Confirmed shipments, deliveries and receipts: import, list.", no_args_is_help=True
)
_COLUMNS = (
    Column("id", "id", number=True, spare=True),
    Column("day", "day"),
    Column("what", "kind"),
    Column("order", "purchase_order"),
    Column("invoice", "invoice"),
    Column("sku", "sku"),
    Column("eaches", "quantity", number=True),
    Column("carrier", "carrier"),
    Column("tracking", "tracking", wrap=True),
    Column("document", "document", spare=True),
)


@command(group, "import", writes=True, example="trueup proofs import deliveries.csv --by 'Fay Finance'")
def import_file(
    session: Session,
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV with kind (shipped, delivered, received) and day, purchase_order or invoice; also sku, quantity, carrier, "
            "tracking, document."
        ),
    ],
    by: By,
    partner: Annotated[
        str | None, typer.Option(help="Whose orders; may be left out where there is one partner.")
    ] = None,
) -> Result:
    """Take proofs in, each row that can be read, each once. Exit code 1 for findings."""
    content = read_upload(file)
    with session.open() as app:
        person = person_of(app.settings.people, by)
        whose = _partner(sorted(app.world.partners), partner)
        # Two transactions: a file that cannot be read is in the archive all the same.
        app.act(session.dry_run, archive_upload, content, KIND, file.name, person)
        done = app.act(session.dry_run, import_proofs, content, whose, person)
    findings = [finding_json(finding) for finding in done.findings]
    data = {
        "partner": whose,
        "new": done.new,
        "same": done.same,
        "findings": findings,
        "digest": done.digest,
        "dry_run": session.dry_run,
    }
    words = f"{'Would import' if session.dry_run else 'Imported'} {amount(done.new, 'new proof')}; {done.same:,} known already."
    words += " (Dry run: nothing kept.)" if session.dry_run else f" Evidence {done.digest[:16]}."
    return Result(data, words=words, remark=told_findings(findings), findings=bool(findings))


def _partner(known: list[str], said: str | None) -> str:
    if said is None and len(known) != 1:
        raise Invalid(f"Whose orders do they prove? Say it with --partner (known: {', '.join(known) or 'none'}).")
    return said if said is not None else known[0]


@command(group, "list", example="trueup proofs list --order 2JK3S9VC")
def list_proofs(
    session: Session,
    order: Annotated[str, typer.Option(help="Of this purchase order.")] = "",
    invoice: Annotated[str, typer.Option(help="Of this invoice, however it is written.")] = "",
    before: Annotated[int | None, typer.Option(help="From before this id: the next page.")] = None,
    limit: Limit = 50,
) -> Result:
    """List proofs, the latest first."""
    with session.look() as connection:
        rows = views.list_proofs(connection, order=order, invoice=invoice, before=before, limit=limit)
    return Result(rows, _COLUMNS, nothing="No proof is known" + (" of that." if order or invoice else " yet."))
