"""`trueup proofs`: shipments, deliveries and receipts that are confirmed, and the papers that claims have of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from trueup.base.errors import Invalid
from trueup.cli.documents import finding_json
from trueup.cli.frame import By, Limit, Result, Session, command, person_of
from trueup.cli.statements import read_day
from trueup.cli.tables import Column, amount
from trueup.cli.uploads import read_upload, told_findings
from trueup.domain.handed_in import TITLES, Paper
from trueup.storage.views import proofs as views
from trueup.workflows.add_papers import (
    NewPaper,
    add_paper,
    archive_paper,
    paper_json,
    take_paper_back,
)
from trueup.workflows.import_products import archive_upload
from trueup.workflows.import_proofs import KIND, import_proofs
from trueup.workflows.world import Tx

group = typer.Typer(
    name="proofs",
    help="Confirmed shipments, deliveries and receipts: import, add, take-back, list.",
    no_args_is_help=True,
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


@command(group, "add", writes=True, example="trueup proofs add 17 pod.pdf --as proof-of-delivery --by 'Fay Finance'")
def add_file(
    session: Session,
    claim: Annotated[int, typer.Argument(help="The claim, by its id; `trueup recover` lists them.")],
    file: Annotated[Path, typer.Argument(help="PDF, PNG, JPEG or TIFF, at most 20 MiB.")],
    by: By,
    kind: Annotated[Paper, typer.Option("--as", help="What it is.")],
    day: Annotated[str | None, typer.Option(help="The day that stands on it.", metavar="DAY")] = None,
    note: Annotated[str, typer.Option(help="What it shows.")] = "",
) -> Result:
    """Add a file to a claim: it is kept byte for byte, and the claim's pack has it."""
    content, on = read_upload(file), read_day(day, "--day")
    with session.open() as app:
        person = person_of(app.settings.people, by)
        if session.dry_run:

            def both(tx: Tx) -> Any:
                digest = archive_paper(tx, content, file.name, person)
                return add_paper(tx, claim, NewPaper(kind, file.name, digest, on, note, tried=True), person)

            paper = app.act(True, both)
        else:
            # Two transactions: a file that is no paper is in the archive all the same.
            digest = app.act(False, archive_paper, content, file.name, person)
            paper = app.act(False, add_paper, claim, NewPaper(kind, file.name, digest, on, note), person)
    about = f" about order {paper.purchase_order}" if paper.purchase_order else ""
    kept = "dry run: nothing kept" if session.dry_run else f"paper {paper.id}, {paper.digest[:16]}"
    words = f"{TITLES[kind]} {paper.name}{about} is added to claim {claim} ({kept})."
    return Result({**paper_json(paper), "dry_run": session.dry_run}, words=words)


@command(group, "take-back", writes=True, example="trueup proofs take-back 5 --by 'Fay Finance'")
def take_back(
    session: Session, paper: Annotated[int, typer.Argument(help="Its number, as `proofs add` told it.")], by: By
) -> Result:
    """Take a file off its claim, until the claim was submitted with it. Its bytes stay in the archive."""
    with session.open() as app:
        taken = app.act(session.dry_run, take_paper_back, paper, person_of(app.settings.people, by))
    kept = " (dry run: nothing kept)" if session.dry_run else ""
    data = {**paper_json(taken), "dry_run": session.dry_run}
    return Result(data, words=f"{taken.name} is taken back from claim {taken.claim}{kept}.")


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
