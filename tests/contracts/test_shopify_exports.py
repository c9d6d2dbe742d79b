"""Bulk operations: the rules of Shopify's guide as the simulator keeps them, and what the connector makes of an export."""

from __future__ import annotations

from datetime import timedelta

import httpx2
import msgspec
import pytest
from graphql import parse, validate

from tests.contracts.published import shopify_schema
from tests.contracts.shopify_connector import NOW, Bench, metafield, open_bench, product, variant
from tests.contracts.shopify_shop import Shop
from trueup.base.errors import ContractChanged, NotFound, Throttled, Transient, Unreadable
from trueup.connectors.shopify.export_operations import exported_query
from trueup.remote.exports import Exported, ExportedItem, ExportedLevel, ExportState, ShopExporter

RUN = """mutation Run($query: String!) {
  bulkOperationRunQuery(query: $query) { bulkOperation { id status } userErrors { code field message } }
}"""
LIST = "{ bulkOperations(first: 5, reverse: true) { nodes { id status errorCode objectCount url partialDataUrl } } }"
BROKEN = {
    "{ shop { name } }": "at least one connection",
    '{ nodes(ids: ["gid://shopify/InventoryItem/1"]) { id } }': "top-level node and nodes",
    "{ inventoryItems { edges { node { id nothing } } } }": "Cannot query field",
    "{ inventoryItems { edges { node": "Syntax Error",
    "{ products { nodes { id a: variants { nodes { id } } b: variants { nodes { id } } c: variants { nodes { id } } "
    "d: variants { nodes { id } } e: variants { nodes { id } } } } }": "6 connections",
    "{ products { nodes { id variants { nodes { id inventoryItem { inventoryLevels { nodes { id item { variants "
    "{ nodes { id } } } } } } } } } } }": "nested 3 deep",
}


@pytest.fixture
def bench() -> Bench:
    """A shop with three products at two places."""
    return open_bench()


def finish(bench: Bench, seconds: int = 60) -> None:
    """Time goes by, until what runs has ended."""
    bench.clock.advance(timedelta(seconds=seconds))
    bench.simulator.now()


def test_the_exported_queries_are_valid_in_the_published_schema() -> None:
    """They are text within a document, so that no other test looks at them; a pack's metafield may be called anything."""
    for of in Exported:
        assert validate(shopify_schema(), parse(exported_query(of, ('cust"om', "pack\\size")))) == []


@pytest.mark.parametrize("query", BROKEN, ids=list(BROKEN.values()))
def test_a_query_that_breaks_the_rules_is_refused(query: str) -> None:
    """With the code INVALID at the query, and nothing begun."""
    answer = Shop().run(RUN, query=query)["bulkOperationRunQuery"]
    [error] = answer["userErrors"]
    assert (answer["bulkOperation"], error["code"], error["field"]) == (None, "INVALID", ["query"])
    assert BROKEN[query] in error["message"]


def test_five_run_at_once_for_an_app(bench: Bench) -> None:
    """The sixth waits until one has ended (API versions since 2026-01)."""
    for _ in range(5):
        bench.shop.start_export(Exported.STOCK)
    with pytest.raises(Throttled, match="already in progress"):
        bench.shop.start_export(Exported.STOCK)
    finish(bench)
    assert bench.shop.start_export(Exported.STOCK).value.state is ExportState.RUNNING
    assert len(bench.shop.find_exports(Exported.STOCK, bench.clock.now() - timedelta(seconds=5)).value) == 1


def test_an_export_shows_what_pages_show(bench: Bench) -> None:
    """Every item at every place of ours, as of a time; it costs what one small mutation costs."""
    shop: object = bench.shop
    assert isinstance(shop, ShopExporter)
    bench.simulator.sell("AN-1", 3)
    begun = bench.shop.start_export(Exported.STOCK).value
    assert (begun.state, begun.has_content) == (ExportState.RUNNING, False)
    assert bench.simulator.journal[-1]["cost"] <= 12
    with pytest.raises(NotFound):
        bench.shop.fetch_export(begun.reference)
    finish(bench)
    shown = bench.shop.look_at_export(begun.reference).value
    assert (shown.state, shown.has_content, shown.lines) == (ExportState.DONE, True, 6)
    content = b"".join(bench.shop.fetch_export(begun.reference))
    read = list(bench.shop.read_stock_export([content[:100], content[100:]]))
    items = {each.item: each for each in read if isinstance(each, ExportedItem)}
    pages = {(each.item, each.location): each for each in bench.shop.read_stock(list(items), "main").value}
    assert {(each.item, each.sku, each.tracked) for each in items.values()} == {
        (each.item, each.sku, each.tracked) for each in pages.values()
    }
    levels = [each for each in read if isinstance(each, ExportedLevel)]
    assert len(levels) == len(items) == 3
    for each in levels:
        page = pages[each.item, each.location]
        assert (each.available, each.committed, each.on_hand, each.reserved) == (
            page.available,
            page.committed,
            page.on_hand,
            page.reserved,
        )


def test_an_export_of_products_shows_what_pages_show() -> None:
    """Every variant of goods as a page has it: packs, barcodes, doubles of a SKU; no deposit, draft or archived product."""
    marks = [metafield("supercycle.supercycle_enabled", "boolean", "true")]
    pack = [metafield("custom.case_pack", "number_integer", "6")]
    bench = open_bench(
        [
            product("Anvil", variant("AN-1", barcode="0012345678905", metafields=pack), variant("AN-1", title="Big")),
            product("Bike", variant("BI-1", tracked=False), metafields=marks),
            product("Draft", variant("DR-1"), status="DRAFT"),
            product("Old", variant("OL-1"), variant(None), status="ARCHIVED"),
            product("Unlisted", variant("UN-1"), variant(None), status="UNLISTED"),
        ]
    )
    shop = bench.reconnected(case_pack="custom.case_pack")
    begun = shop.start_export(Exported.PRODUCTS).value
    assert bench.shop.find_exports(Exported.STOCK, bench.clock.now() - timedelta(minutes=1)).value == ()
    assert [each.reference for each in shop.find_exports(Exported.PRODUCTS, NOW).value] == [begun.reference]
    finish(bench)
    read = list(shop.read_product_export(shop.fetch_export(begun.reference)))
    assert read == list(shop.fetch_products(None).value[0])
    assert [(each.sku, each.case_size, each.circular) for each in read] == [
        ("AN-1", 6, False),
        ("AN-1", None, False),
        ("BI-1", None, True),
        ("UN-1", None, False),
    ]


def test_children_follow_their_parents_somewhere(bench: Bench) -> None:
    """A level bears its item's id; nobody may rely on more than that it comes later."""
    begun = bench.shop.start_export(Exported.STOCK).value
    finish(bench)
    lines = [msgspec.json.decode(line) for line in b"".join(bench.shop.fetch_export(begun.reference)).splitlines()]
    places = {line["id"]: at for at, line in enumerate(lines) if "__parentId" not in line}
    below = [(at, line) for at, line in enumerate(lines) if "__parentId" in line]
    assert len(places) == len(below) == 3
    assert all(places[line["__parentId"]] < at for at, line in below)


def test_the_address_of_a_file_is_good_for_seven_days(bench: Bench) -> None:
    """Then it opens nothing, and no other is given."""
    begun = bench.shop.start_export(Exported.STOCK).value
    finish(bench)
    world = bench.simulator.world
    address = f"{world.origin}/_bulk/{world.bulk_operations[0].key}"
    assert httpx2.get(address, trust_env=False).status_code == 200
    bench.clock.advance(timedelta(days=7))
    assert httpx2.get(address, trust_env=False).status_code == 403
    with pytest.raises(NotFound, match="no file"):
        bench.shop.fetch_export(begun.reference)


@pytest.mark.parametrize("code", ["TIMEOUT", "INTERNAL_SERVER_ERROR", "ACCESS_DENIED"])
def test_what_failed_leaves_a_part(bench: Bench, code: str) -> None:
    """What is in it is shown; an item whose level is not in it is not taken for empty."""
    bench.simulator.add_fault("bulk_failed", mode=code)
    begun = bench.shop.start_export(Exported.STOCK).value
    finish(bench)
    shown = bench.shop.look_at_export(begun.reference).value
    assert (shown.state, shown.denied) == (ExportState.FAILED, code == "ACCESS_DENIED")
    content = b"".join(bench.shop.fetch_export(begun.reference)) if shown.has_content else b""
    read = list(bench.shop.read_stock_export([content]))
    assert len(read) < 6 and all(each.on_hand for each in read if isinstance(each, ExportedLevel))


def test_a_scope_that_is_missing_fails_the_operation() -> None:
    """The operation is taken, and ends as ACCESS_DENIED without a file."""
    bench = open_bench(scopes="read_locations read_orders")
    begun = bench.shop.start_export(Exported.STOCK).value
    finish(bench)
    shown = bench.shop.look_at_export(begun.reference).value
    assert (shown.state, shown.denied, shown.has_content) == (ExportState.FAILED, True, False)


def test_a_lost_answer_is_found_again(bench: Bench) -> None:
    """The operation runs though nobody was told: it is found by its query, and others' operations are not taken for it."""
    bench.simulator.add_fault("applied_but_timed_out", operation="bulkOperationRunQuery", mode="504")
    with pytest.raises((Transient, ContractChanged)) as lost:
        bench.shop.start_export(Exported.STOCK)
    assert lost.value.maybe_applied
    [found] = bench.shop.find_exports(Exported.STOCK, bench.clock.now() - timedelta(minutes=1)).value
    assert found.reference == bench.simulator.world.bulk_operations[0].id
    assert bench.shop.find_exports(Exported.STOCK, bench.clock.now() + timedelta(seconds=1)).value == ()


def test_a_file_that_is_cut_off_is_said_to_be(bench: Bench) -> None:
    """Half a line is no line."""
    with pytest.raises(Unreadable, match="not as published"):
        list(bench.shop.read_stock_export([b'{"id": "gid://shopify/Inv']))


def test_the_end_is_told_and_an_operation_can_be_cancelled() -> None:
    """BULK_OPERATIONS_FINISH with the operation's id; a cancelled one ends as cancelled, without a file."""
    shop = Shop()
    shop.simulator.subscribe("trueup-app", "BULK_OPERATIONS_FINISH", "http://127.0.0.1:9/none")
    made = shop.run(RUN, query="{ inventoryItems { edges { node { id } } } }")["bulkOperationRunQuery"]["bulkOperation"]
    cancel = (
        "mutation Cancel($id: ID!) { bulkOperationCancel(id: $id) { bulkOperation { status } userErrors { message } } }"
    )
    assert shop.run(cancel, id=made["id"])["bulkOperationCancel"]["bulkOperation"]["status"] == "CANCELING"
    shop.simulator.set_clock(shop.simulator.now() + timedelta(minutes=1))
    [ended] = shop.run(LIST)["bulkOperations"]["nodes"]
    assert (ended["status"], ended["url"], ended["partialDataUrl"]) == ("CANCELED", None, None)
    [told] = [each for each in shop.simulator.state()["webhooks"] if each["topic"] == "BULK_OPERATIONS_FINISH"]
    assert msgspec.json.decode(told["payload"])["admin_graphql_api_id"] == made["id"]
