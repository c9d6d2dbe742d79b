"""Sync products: what the shop says of its variants, so that untracked and taken-over products are known.

A small catalogue is read page by page, a big one by one export: the round then only begins it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from trueup.base.clock import read_instant, write_instant
from trueup.domain.catalog import Product
from trueup.durable.flow import Flow
from trueup.remote.exports import Exported
from trueup.storage import shop_products, sources
from trueup.storage.json_values import from_json, to_json
from trueup.workflows.export_shop import may_export, start_export
from trueup.workflows.gone_products import note_gone_products, note_returned
from trueup.workflows.rounds import Rounds, set_next, start_rounds
from trueup.workflows.shown_products import QUERY, Catalogue, rounds_of, take_in_products
from trueup.workflows.source_failures import NOT_DONE, note_failure, note_working
from trueup.workflows.world import Flowing, Tx, World

MOST_PAGES = 100_000


def sync_products(c: Flowing, shop: str) -> None:
    """All pages of one shop, or an export of it begun; then the next round is set."""
    began = write_instant(c.now())
    if c.commit(hand_over, shop, c.run_id):
        return
    page: str | None = None
    count, evidence = 0, ""
    for _ in range(MOST_PAGES):
        try:
            fetched = c.step(fetch_products_page, shop, page)
        except NOT_DONE as error:
            c.commit(finish_sync, shop, c.run_id, count, str(error))
            return
        taken = c.commit(take_in_page, shop, fetched, began, count)
        count, page, evidence = count + taken["count"], fetched["next_page"], taken["evidence"]
        if page is None:
            break
        if taken["is_big"] and c.commit(hand_over, shop, c.run_id):
            return
    if page is None:
        c.commit(note_end, shop, evidence, began)
    c.commit(finish_sync, shop, c.run_id, count, "")


def ensure_syncs(tx: Tx) -> None:
    """Ask every shop at once, and go on from there. Called whenever a worker starts."""
    for rounds in sync_rounds(tx.resources):
        start_rounds(tx, rounds)


def sync_rounds(world: World) -> list[Rounds]:
    """Every chain of syncs: one a shop."""
    return [rounds_of(world, shop) for shop in world.connections.product_sources]


def hand_over(tx: Tx, shop: str, run_id: str) -> bool:
    """Have a catalogue that is known to be big exported, and set the next round. False where it is read by pages."""
    most = tx.resources.pace.stock_export_from
    if not may_export(tx, shop, Exported.PRODUCTS) or shop_products.count_products(tx.connection, shop, most) < most:
        return False
    start_export(tx, shop, Exported.PRODUCTS)
    set_next(tx, rounds_of(tx.resources, shop), run_id, tx.resources.pace.products)
    return True


def fetch_products_page(world: World, shop: str, page: str | None) -> dict[str, Any]:
    """One page and its raw reply."""
    observed = world.connections.product_sources[shop].fetch_products(page)
    found, next_page = observed.value
    return {"products": to_json(found), "next_page": next_page, "evidence": observed.evidence.decode()}


def take_in_page(tx: Tx, shop: str, fetched: dict[str, Any], began: str, before: int) -> dict[str, Any]:
    """Archive the reply and save what the shop says; how many products were clear, and whether there are so many by now that an
    export tells of them more cheaply."""
    content = fetched["evidence"].encode()
    digest = tx.resources.keep(tx.connection, content, kind="products", source=shop, name="products")
    found = [from_json(product, Product) for product in fetched["products"]]
    taken = take_in_products(tx, found, Catalogue(shop, digest, tx.now, read_instant(began)))
    note_returned(tx, shop, taken.renewed)
    is_big = before + taken.count >= tx.resources.pace.stock_export_from
    return {"count": taken.count, "is_big": is_big, "evidence": digest}


def note_end(tx: Tx, shop: str, evidence: str, began: str) -> list[str]:
    """The last page was read: what none of them told of is gone. Returns the SKUs."""
    return note_gone_products(tx, Catalogue(shop, evidence, tx.now, read_instant(began)))


def finish_sync(tx: Tx, shop: str, run_id: str, count: int, failed: str) -> None:
    """Note how it went, and set the next round."""
    if failed:
        note_failure(tx, shop, QUERY, failed)
    else:
        note_working(tx, shop, QUERY)
        sources.note_success(tx.connection, shop, QUERY, covered_until=tx.now, documents=count, now=tx.now)
    after = timedelta(minutes=2) if failed else tx.resources.pace.products
    set_next(tx, rounds_of(tx.resources, shop), run_id, after)


FLOWS = (Flow[World]("sync_products", sync_products, "polls"),)
