"""The item master: products with their packs and agreed costs, downloaded, mended, uploaded; its difference is seen before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trueup.base.errors import NotFound
from trueup.base.ids import Digest
from trueup.console.page import Offer, Page, Route
from trueup.console.pages.stock import COUNTED_BY
from trueup.console.tables import Column, state_of
from trueup.console.visit import Visit
from trueup.storage.views.jobs import Job, load_job
from trueup.storage.views.product_pages import page_products
from trueup.workflows.import_products import KIND, archive_upload, import_products
from trueup.workflows.jobs.import_items import KIND as ITEMS
from trueup.workflows.jobs.import_items import ask_items, found_of, is_large

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
    return visit.render("products.html", state=state, columns=_COLUMNS, paged=paged, counted_by=COUNTED_BY)


def _upload(visit: Visit) -> Response:
    """The file is archived before anything reads it; then it is taken in as it would be, and that is rolled back. A large one is
    compared by a worker."""
    name, content = visit.upload("file")
    digest = visit.prepare(archive_upload, content, KIND, name, visit.who)
    return _tried(visit, digest, content)


def _tried(visit: Visit, digest: Digest, content: bytes) -> Response:
    if is_large(content):
        return _by_worker(visit, digest, tried=True)
    return _shown(visit, found_of(visit.act(import_products, content, visit.who, dry_run=True)), done=False)


def _by_worker(visit: Visit, digest: Digest, *, tried: bool) -> Response:
    job = visit.act(lambda tx: ask_items(tx, digest, visit.who, tried=tried))
    return visit.go(f"/jobs/{job}")


def _apply(visit: Visit) -> Response:
    digest = Digest(visit.given("digest"))
    content = visit.desk.world.read(visit.connection, digest)
    if is_large(content):
        return _by_worker(visit, digest, tried=False)
    return _shown(visit, found_of(visit.act(import_products, content, visit.who)), done=True)


def _earlier(visit: Visit) -> Response:
    """What was changed as it was before: shown as what would change, before it is taken in."""
    digest = Digest(visit.given("digest"))
    return _tried(visit, digest, visit.desk.world.read(visit.connection, digest))


def _by_job(visit: Visit) -> Response:
    """What a worker found, or took in."""
    job = load_job(visit.connection, visit.number("job"))
    if job.kind != ITEMS or job.state != "done":
        raise NotFound(
            f"Job {job.id} ({job.kind}, {job.state}) has no comparison of an item master; its page says how far it is."
        )
    return _shown(visit, job.result, done=not job.args["tried"], by_job=job)


def _shown(visit: Visit, found: Mapping[str, Any], *, done: bool, by_job: Job | None = None) -> Response:
    """What it would change, or did: of a file that is kept out, why."""
    by, at = (by_job.actor, by_job.ended_at) if by_job else (visit.who.name, visit.now)
    status = 200 if found["taken"] or by_job else 422
    return visit.render("products_preview.html", status=status, done=done, found=found, by=by, at=at)


PAGE = Page(
    "products",
    "Item master",
    (
        Route("/settings/products", _list),
        Route("/settings/products/upload", _upload, "products.import", "POST"),
        Route("/settings/products/apply", _apply, "products.import", "POST"),
        Route("/settings/products/earlier", _earlier, "products.import", "POST"),
        Route("/settings/products/jobs/{job:int}", _by_job),
    ),
    about={"/settings/products": KIND},
    offers=(Offer("Upload the item master", "/settings/products", "products.import"),),
)
