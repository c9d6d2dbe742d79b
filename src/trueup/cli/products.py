"""`trueup products`: the item master. Import with a visible difference, list, export."""

from __future__ import annotations

import sys
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from trueup.base.errors import NotFound
from trueup.cli.documents import finding_json
from trueup.cli.frame import By, Limit, Result, Session, command, person_of
from trueup.cli.tables import Column, amount
from trueup.cli.uploads import read_upload, told_findings
from trueup.formats.item_master import item_master_parts
from trueup.storage.views import products as views
from trueup.workflows.import_products import KIND, Imported, archive_upload, import_products

group = typer.Typer(name="products", help="The item master: import, list, export.", no_args_is_help=True)
_COLUMNS = (
    Column("sku", "sku"),
    Column("title", "title", wrap=True),
    Column("case of", "case_size", number=True),
    Column("gtin", "gtin", spare=True),
    Column("counted by", "counted_by"),
    Column("in shop", "in_shop", spare=True),
    Column("vendor code", lambda row: [each["vendor_code"] for each in row["listings"]]),
    Column("agreed cost", lambda row: [_cost(each) for each in row["listings"]], number=True),
)
_CHANGES = (
    Column("sku", "sku"),
    Column("vendor code", "vendor_code"),
    Column("field", "field"),
    Column("before", "before", wrap=True),
    Column("after", "after", wrap=True),
)
_MOST_SHOWN = 200


@command(group, "import", writes=True, example="trueup products import items.csv --dry-run --by 'Ana Admin'")
def import_file(
    session: Session,
    file: Annotated[Path, typer.Argument(help="The item master as CSV; `products export` shows its columns.")],
    by: By,
    decimal: Annotated[str, typer.Option(help="The decimal mark of its costs: . or ,")] = ".",
) -> Result:
    """Take an item master in, whole or not at all, and show what it changes. Exit code 1 when there is anything to mend."""
    content = read_upload(file)
    with session.open() as app, session.progress(f"Importing {file.name}", None):
        person = person_of(app.settings.people, by)
        # Two transactions: a file that cannot be read is in the archive all the same.
        app.act(session.dry_run, archive_upload, content, KIND, file.name, person)
        done = app.act(session.dry_run, import_products, content, person, decimal)
    findings = [finding_json(finding) for finding in done.findings]
    data = {
        "taken": done.taken,
        "products": done.products,
        "listings": done.listings,
        "changes": [asdict(change) for change in done.changes],
        "findings": findings,
        "digest": done.digest,
        "dry_run": session.dry_run,
    }
    shown = [asdict(change) for change in done.changes if not change.new][:_MOST_SHOWN]
    remark = f"{told_findings(findings)}{_told(done, session.dry_run)}"
    return Result(
        data, _CHANGES, rows=shown, remark=remark, findings=bool(findings), nothing="No product known before changes."
    )


@command(group, "list", example="trueup products list --limit 20")
def list_products(
    session: Session,
    after: Annotated[str, typer.Option(help="From after this SKU: the next page.")] = "",
    limit: Limit = 50,
) -> Result:
    """List products with their packs, agreed costs, and where their stock is counted."""
    with session.look() as connection:
        rows = views.list_products(connection, after=after, limit=limit)
    return Result(rows, _COLUMNS)


@command(group, "export", example="trueup products export --output items.csv")
def export_products(session: Session) -> Result:
    """Write the item master as CSV, as `products import` reads it."""
    with session.look() as connection:
        items = views.walk_items(connection)
        if session.as_json:
            return Result([{**asdict(product), "listing": asdict(one) if one else None} for product, one in items])
        first = next(items, None)
        if first is None:
            raise NotFound("There are no products yet: import an item master, or let a shop's products be read.")
        parts = item_master_parts(chain([first], items))
        if session.output is None:
            sys.stdout.buffer.writelines(parts)
            sys.stdout.buffer.flush()
        else:
            with session.written(session.output, "wb") as file:
                file.writelines(parts)
    return Result(None, silent=True)


def _cost(listing: dict[str, Any]) -> str:
    return f"{listing['cost']} {listing['currency']}" if listing["cost"] is not None else "-"


def _told(done: Imported, dry_run: bool) -> str:
    new = {change.sku for change in done.changes if change.new and not change.vendor_code}
    listed = {(change.sku, change.vendor_code) for change in done.changes if change.new and change.vendor_code}
    changed = sum(1 for change in done.changes if not change.new)
    counts = (
        f"{amount(len(new), 'new product')}, {amount(len(listed), 'new listing')}, {amount(changed, 'changed field')}"
    )
    whole = f"{amount(done.products, 'product')}, {amount(done.listings, 'listing')}"
    if not done.taken:
        return f"Nothing was imported: mend the errors and import the whole file again. It would make {counts}."
    if dry_run:
        return f"Would import {whole}: {counts} (dry run: nothing kept)."
    return f"Imported {whole}: {counts}. Evidence {done.digest[:16]}."
