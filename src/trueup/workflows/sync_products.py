"""Sync products: what the shop says of its variants, page by page, so that untracked and taken-over products are known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from trueup.base.clock import read_instant, write_instant
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.catalog import CountSource, Product
from trueup.durable.flow import Flow
from trueup.storage import cases, products, shop_products, sources
from trueup.storage.json_values import from_json, to_json
from trueup.workflows.rounds import Rounds, set_next, start_rounds
from trueup.workflows.source_failures import NOT_DONE, note_failure, note_working
from trueup.workflows.taking_in import look_at_held
from trueup.workflows.uncounted_stock import tell_counted_twice, tell_uncounted
from trueup.workflows.world import Flowing, Tx, World

QUERY = "products"
MOST_PAGES = 100_000


def sync_products(c: Flowing, shop: str) -> None:
    """All pages of one shop; then the next round is set."""
    page: str | None = None
    count = 0
    began = write_instant(c.now())
    for _ in range(MOST_PAGES):
        try:
            fetched = c.step(fetch_products_page, shop, page)
        except NOT_DONE as error:
            c.commit(finish_sync, shop, c.run_id, count, str(error))
            return
        count += c.commit(take_in_products, shop, fetched, began)
        page = fetched["next_page"]
        if page is None:
            break
    c.commit(finish_sync, shop, c.run_id, count, "")


def ensure_syncs(tx: Tx) -> None:
    """Ask every shop at once, and go on from there. Called whenever a worker starts."""
    for rounds in sync_rounds(tx.resources):
        start_rounds(tx, rounds)


def sync_rounds(world: World) -> list[Rounds]:
    """Every chain of syncs: one a shop."""
    return [_rounds(world, shop) for shop in world.connections.product_sources]


def fetch_products_page(world: World, shop: str, page: str | None) -> dict[str, Any]:
    """One page and its raw reply."""
    observed = world.connections.product_sources[shop].fetch_products(page)
    found, next_page = observed.value
    return {"products": to_json(found), "next_page": next_page, "evidence": observed.evidence.decode()}


def take_in_products(tx: Tx, shop: str, fetched: dict[str, Any], since: str) -> int:
    """Archive the reply and save what the shop says of its products.

    SKUs are not unique in a shop. One that several variants carry is a case, and counted nowhere until that is mended:
    which of them would be sold? `since` is when this round began, so that variants of earlier pages are remembered.
    """
    content = fetched["evidence"].encode()
    digest = tx.resources.keep(tx.connection, content, kind="products", source=shop, name="products")
    found = [from_json(product, Product) for product in fetched["products"]]
    began = read_instant(since)
    by_sku: dict[str, set[str]] = {}
    for product in found:
        by_sku.setdefault(product.sku, set()).add(product.shop_variant or "")
    for sku, variant in shop_products.load_variants(tx.connection, shop, by_sku, began).items():
        by_sku[sku].add(variant)
    doubled = {sku: variants for sku, variants in by_sku.items() if len(variants) > 1}
    clear = [product for product in found if product.sku not in doubled]
    unclear = [replace(product, tracked=None, shop_item=None) for product in found if product.sku in doubled]
    for sku, variants in doubled.items():
        cases.open_case(tx.connection, _doubled(shop, sku, variants, digest), tx.now)
    uncounted = _uncounted(tx, by_sku)
    neighbours = tx.resources.neighbours_of(shop)
    shop_products.save_shop_products(tx.connection, neighbours, unclear, digest, tx.now)
    twice = shop_products.save_shop_products(tx.connection, neighbours, clear, digest, tx.now)
    tell_counted_twice(tx, neighbours, [product.sku for product in clear], twice)
    tell_uncounted(tx, by_sku)
    if uncounted - _uncounted(tx, by_sku):
        look_at_held(tx, "held.stock-uncounted")
    return len(clear)


def _uncounted(tx: Tx, skus: Iterable[str]) -> set[str]:
    known = products.load_products(tx.connection, skus)
    return {product.sku for product, _ in known if product.count_source is CountSource.UNKNOWN}


def _doubled(shop: str, sku: str, variants: set[str], digest: str) -> CaseDraft:
    return CaseDraft(
        kind="product.ambiguous",
        subject=f"product {sku}",
        title=f"{len(variants)} variants in {shop} carry the SKU {sku}",
        expected="one variant a SKU",
        found=", ".join(sorted(variants)),
        money_at_risk=None,
        deadline=None,
        owner="e-commerce",
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
        evidence=digest,
    )


def finish_sync(tx: Tx, shop: str, run_id: str, count: int, failed: str) -> None:
    """Note how it went, and set the next round."""
    if failed:
        note_failure(tx, shop, QUERY, failed)
    else:
        note_working(tx, shop, QUERY)
        sources.note_success(tx.connection, shop, QUERY, covered_until=tx.now, documents=count, now=tx.now)
    after = timedelta(minutes=2) if failed else tx.resources.pace.products
    set_next(tx, _rounds(tx.resources, shop), run_id, after)


def _rounds(world: World, shop: str) -> Rounds:
    return Rounds("sync_products", f"products:{shop}", shop, QUERY, (shop,), world.pace.products)


FLOWS = (Flow[World]("sync_products", sync_products, "polls"),)
