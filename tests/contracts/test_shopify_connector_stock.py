"""Stock as the connector reads and writes it: whole or not at all, compared row by row, once under one key."""

from __future__ import annotations

import pytest

from tests.contracts.shopify_connector import SCOPES, Bench, open_bench, product, variant
from trueup.base.errors import Rejected, Throttled, Transient, Unauthorized
from trueup.domain.publishing import CountWrite, HoldMove
from trueup.remote.stock import StockReader, StockSink

WRITES = f"{SCOPES} write_inventory"


@pytest.fixture
def bench() -> Bench:
    """A shop whose app may write stock."""
    return open_bench(scopes=WRITES)


def item(bench: Bench, sku: str) -> str:
    """The id of a variant's inventory item."""
    gid: str = bench.variant(sku).inventory_item.id
    return gid


def count(bench: Bench, sku: str, eaches: int, expected: int) -> CountWrite:
    return CountWrite(sku, item(bench, sku), "main", eaches, expected)


def hold(bench: Bench, sku: str, eaches: int, expected: int) -> HoldMove:
    return HoldMove(sku, item(bench, sku), "main", eaches, expected)


def test_what_a_channel_holds_is_read_by_its_own_ids(bench: Bench) -> None:
    """On hand, available, committed and reserved of each; what is no item any more is not there."""
    shop: object = bench.shop
    assert isinstance(shop, StockReader)
    assert isinstance(shop, StockSink)
    bench.simulator.sell("AN-1", 3)
    seen = bench.shop.read_stock([item(bench, "AN-1"), "gid://shopify/InventoryItem/1"], "main").value
    [anvil] = seen
    assert (anvil.sku, anvil.on_hand, anvil.available, anvil.committed, anvil.reserved) == ("AN-1", 50, 47, 3, 0)
    [elsewhere] = bench.shop.read_stock([item(bench, "AN-1")], "annex").value
    assert (elsewhere.on_hand, elsewhere.tracked) == (0, True)


def test_counts_are_set_as_on_hand(bench: Bench) -> None:
    """What shoppers have ordered stays committed, so that it is not sold again."""
    bench.simulator.sell("AN-1", 3)
    written = bench.shop.set_counts("key-1", [count(bench, "AN-1", 40, 50), count(bench, "BE-1", 8, 50)])
    assert written.accepted
    assert (bench.level("AN-1")["on_hand"], bench.level("AN-1")["available"]) == (40, 37)
    assert bench.level("BE-1")["on_hand"] == 8


def test_the_same_key_is_done_once(bench: Bench) -> None:
    """A reply that was lost is had again, and nothing is done twice, though somebody changed the count in between."""
    bench.simulator.add_fault("applied_but_timed_out", operation="inventorySetQuantities", mode="504")
    writes = [count(bench, "AN-1", 40, 50)]
    with pytest.raises(Transient) as lost:
        bench.shop.set_counts("key-1", writes)
    assert lost.value.maybe_applied
    order = bench.simulator.sell("AN-1", 1)
    bench.simulator.fulfil_by_hand(order.name)
    assert bench.shop.set_counts("key-1", writes).accepted
    assert bench.level("AN-1")["on_hand"] == 39


def test_a_stale_row_refuses_the_write_and_is_named(bench: Bench) -> None:
    """All or nothing: the caller learns which row to read again."""
    written = bench.shop.set_counts("key-1", [count(bench, "AN-1", 40, 50), count(bench, "BE-1", 8, 49)])
    assert (written.accepted, written.stale, dict(written.refused)) == (False, (1,), {})
    assert bench.level("AN-1")["on_hand"] == 50


def test_a_row_that_will_never_be_taken_is_named_with_its_reason() -> None:
    """A bundle's stock is that of its parts."""
    bench = open_bench(
        [product("Kit", variant("KIT-1", bundle=True)), product("Anvil", variant("AN-1"))], scopes=WRITES
    )
    written = bench.shop.set_counts("key-1", [count(bench, "AN-1", 40, 50), count(bench, "KIT-1", 8, 50)])
    assert list(written.refused) == [1] and written.refused[1].startswith("NON_MUTABLE_INVENTORY_ITEM")


def test_holds_move_from_available_to_reserved_and_back(bench: Bench) -> None:
    """On hand stays; what others reserve there is compared with and left as it is."""
    assert bench.shop.move_holds("key-1", [hold(bench, "AN-1", 5, 0)]).accepted
    level = bench.level("AN-1")
    assert (level["on_hand"], level["available"], level["reserved"]) == (50, 45, 5)
    assert bench.shop.move_holds("key-2", [hold(bench, "AN-1", 5, 0)]).stale == (0,)
    assert bench.shop.move_holds("key-3", [hold(bench, "AN-1", -2, 5)]).accepted
    assert (bench.level("AN-1")["available"], bench.level("AN-1")["reserved"]) == (47, 3)


def test_a_write_under_way_may_be_asked_for_again(bench: Bench) -> None:
    """Transient with the same key; a key whose first attempt failed is refused, so that a new one is made."""
    bench.simulator.add_fault("concurrent_request", operation="inventorySetQuantities")
    with pytest.raises(Transient):
        bench.shop.set_counts("key-1", [count(bench, "AN-1", 40, 50)])
    bench.simulator.add_fault("previous_attempt_failed", operation="inventorySetQuantities")
    with pytest.raises(Rejected):
        bench.shop.set_counts("key-1", [count(bench, "AN-1", 40, 50)])


def test_throttling_and_missing_permission_are_said(bench: Bench) -> None:
    """The first is waited for, the second only a person mends."""
    bench.simulator.add_fault("throttled", operation="inventorySetQuantities")
    with pytest.raises(Throttled):
        bench.shop.set_counts("key-1", [count(bench, "AN-1", 40, 50)])
    poor = open_bench()
    with pytest.raises(Unauthorized, match="write_inventory"):
        poor.shop.set_counts("key-1", [count(poor, "AN-1", 40, 50)])


def test_reads_leave_half_of_the_budget_to_writes() -> None:
    """However much is read back, a write of 250 rows finds its points there."""
    goods = [product(f"P{number}", variant(f"P-{number}")) for number in range(100)]
    bench = open_bench(goods, scopes=WRITES)
    items = [item(bench, f"P-{number}") for number in range(100)]
    for _ in range(8):
        bench.shop.read_stock(items, "main")
    assert min(bench.purse.observed) >= 2000 / 2 - 1
    assert bench.simulator.journal[-1]["cost"] == 301, "the place, and of each item itself, its level and its numbers"
