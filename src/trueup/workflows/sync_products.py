"""Sync products: what the shop says of its variants, page by page, so that untracked and taken-over products are known."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from trueup.base.errors import RemoteError
from trueup.domain.catalog import Product
from trueup.durable.flow import Flow
from trueup.storage import products, sources
from trueup.storage.json_values import from_json, to_json
from trueup.workflows.world import Flowing, Tx, World

QUERY = "products"
MOST_PAGES = 100_000


def sync_products(c: Flowing, shop: str) -> None:
    """All pages of one shop; then the next round is set."""
    page: str | None = None
    count = 0
    for _ in range(MOST_PAGES):
        try:
            fetched = c.step(fetch_products_page, shop, page)
        except RemoteError as error:
            c.commit(finish_sync, shop, count, str(error))
            return
        count += c.commit(take_in_products, shop, fetched)
        page = fetched["next_page"]
        if page is None:
            break
    c.commit(finish_sync, shop, count, "")


def ensure_syncs(tx: Tx) -> None:
    """Set the first sync of every shop. Called whenever a worker starts."""
    for shop in tx.resources.connections.product_sources:
        state = sources.load_source(tx.connection, shop, QUERY)
        tx.cancel(f"products:{shop}:{state.round}")
        _set_sync(tx, shop, timedelta(0))


def fetch_products_page(world: World, shop: str, page: str | None) -> dict[str, Any]:
    """One page and its raw reply."""
    observed = world.connections.product_sources[shop].fetch_products(page)
    found, next_page = observed.value
    return {"products": to_json(found), "next_page": next_page, "evidence": observed.evidence.decode()}


def take_in_products(tx: Tx, shop: str, fetched: dict[str, Any]) -> int:
    """Archive the reply and save what the shop says of its products. A SKU used twice is left out: which one is meant?"""
    content = fetched["evidence"].encode()
    digest = tx.resources.keep(tx.connection, content, kind="products", source=shop, name="products")
    found = [from_json(product, Product) for product in fetched["products"]]
    return products.save_shop_products(tx.connection, found, digest, tx.now)


def finish_sync(tx: Tx, shop: str, count: int, failed: str) -> None:
    """Note how it went, and set the next round."""
    if failed:
        sources.note_failure(tx.connection, shop, QUERY, failed)
    else:
        sources.note_success(tx.connection, shop, QUERY, covered_until=tx.now, documents=count, now=tx.now)
    _set_sync(tx, shop, timedelta(minutes=2) if failed else tx.resources.pace.products)


def _set_sync(tx: Tx, shop: str, after: timedelta) -> None:
    number = sources.start_round(tx.connection, shop, QUERY, tx.now)
    tx.at(tx.now + after, "sync_products", f"products:{shop}:{number}", shop)


FLOWS = (Flow[World]("sync_products", sync_products, "polls"),)
