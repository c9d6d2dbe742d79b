"""The item master: products with their packs and agreed costs, downloaded, mended, uploaded; its difference is seen before."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from trueup.base.ids import Digest
from trueup.console.files import download_written
from trueup.console.page import Offer, Page, Route
from trueup.console.tables import Column, state_of
from trueup.console.visit import Visit
from trueup.formats.item_master import item_master_parts
from trueup.reports.item_sheet import write_item_sheet
from trueup.storage.views.product_pages import page_products
from trueup.storage.views.products import walk_items
from trueup.workflows.import_products import KIND, Imported, archive_upload, import_products
from trueup.workflows.world import Tx

_MOST_CHANGES = 500
_COLUMNS = (
    Column("SKU"),
    Column("Title"),
    Column("Case of", "number"),
    Column("Counted by", spare=True),
    Column("Listings"),
    Column("In the shop"),
)


def _list(visit: Visit) -> Response:
    state = state_of(visit, "words", "at")
    paged = page_products(visit.connection, words=state["words"], at=state["at"])
    return visit.render("products.html", state=state, columns=_COLUMNS, paged=paged)


def _download(visit: Visit) -> Response:
    parts = item_master_parts(walk_items(visit.connection))
    return download_written(f"item-master-{visit.now:%Y-%m-%d}.csv", lambda out: out.writelines(parts))


def _upload(visit: Visit) -> Response:
    """The file is archived before anything reads it; then it is taken in as it would be, and that is rolled back."""
    name, content = visit.upload("file")
    digest = visit.act(archive_upload, content, KIND, name, visit.who)
    return _shown(visit, digest, visit.act(_take_in, digest, visit.who, dry_run=True), done=False)


def _apply(visit: Visit) -> Response:
    digest = Digest(visit.given("digest"))
    return _shown(visit, digest, visit.act(_take_in, digest, visit.who), done=True)


def _earlier(visit: Visit) -> Response:
    """What was changed as it was before: shown as what would change, before it is taken in."""
    digest = Digest(visit.given("digest"))
    return _shown(visit, digest, visit.act(_take_in, digest, visit.who, dry_run=True), done=False)


def _download_sheet(visit: Visit) -> Response:
    items = walk_items(visit.connection)
    name = f"item-master-{visit.now:%Y-%m-%d}.xlsx"
    return download_written(name, lambda out: write_item_sheet(out, items, visit.now))


def _take_in(tx: Tx, digest: Digest, person: Any) -> Imported:
    return import_products(tx, tx.resources.read(tx.connection, digest), person)


def _shown(visit: Visit, digest: Digest, imported: Imported, *, done: bool) -> Response:
    new = {change.sku for change in imported.changes if change.new}
    changed = {change.sku for change in imported.changes} - new
    return visit.render(
        "products_preview.html",
        status=200 if imported.taken else 422,
        done=done,
        digest=digest,
        imported=imported,
        counts={
            "new": len(new),
            "changed": len(changed),
            "the same": max(0, imported.products - len(new | changed)),
            "refused": len([found for found in imported.findings if found.severity.value == "error"]),
        },
        refused=[{"place": str(found.location), "why": found.message} for found in imported.findings],
        changes=imported.changes[:_MOST_CHANGES],
    )


PAGE = Page(
    "products",
    "Item master",
    (
        Route("/settings/products", _list),
        Route("/settings/products.csv", _download),
        Route("/settings/products.xlsx", _download_sheet),
        Route("/settings/products/upload", _upload, "products.import", "POST"),
        Route("/settings/products/apply", _apply, "products.import", "POST"),
        Route("/settings/products/earlier", _earlier, "products.import", "POST"),
    ),
    offers=(Offer("Upload the item master", "/settings/products", "products.import"),),
)
