"""Counts that are ours reach the shop: once, compared, in the fewest writes; what the shop makes of them is read back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.workflows.channels import BOWL, QUIET, VASE, Channel, selling
from tests.workflows.installation import LOCATION, SHOP, Goods
from trueup.base.clock import ManualClock
from trueup.formats.stock_counts import Count
from trueup.simulators.shopify import stock
from trueup.storage.database import Database

START = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_a_count_becomes_the_shops_on_hand(database: Database) -> None:
    """What the warehouse counted is on hand in the shop; what the shop has committed stays committed."""
    with selling(database, ManualClock(START)) as shop:
        shop.here.shopify.sell("VASE-1", 2)
        shop.count(VASE_1=12, BOWL_1=7)
        shop.pass_time(5)
        level = shop.here.level("VASE-1")
        assert (level["on_hand"], level["committed"], level["available"]) == (12, 2, 10)
        assert shop.on_hand("BOWL-1") == 7
        assert shop.here.level("LAMP-1")["on_hand"] == 100, "the shop counts lamps itself"
        assert shop.here.case_kinds() == []


def test_an_echo_of_our_own_write_writes_nothing(database: Database) -> None:
    """The shop's webhook about our write is read once, and ends there."""
    with selling(database, ManualClock(START)) as shop:
        shop.count(VASE_1=12)
        shop.pass_time(300)
        assert shop.writes() == 1
        assert shop.rows("SELECT count(*) FROM trueup.stock_looks")[0][0] == 0
        assert shop.rows("SELECT count(*) FROM trueup.hints")[0][0] >= 1


def test_what_was_sold_meanwhile_is_not_given_back(database: Database) -> None:
    """Goods that were counted, sold and shipped stay gone until the next count."""
    with selling(database, ManualClock(START)) as shop:
        shop.count(VASE_1=12)
        shop.pass_time(60)
        order = shop.here.shopify.sell("VASE-1", 3)
        shop.here.shopify.fulfil_by_hand(order.name)
        shop.pass_time(300)
        assert shop.on_hand("VASE-1") == 9
        assert shop.here.case_kinds() == []
        shop.count(VASE_1=9)
        shop.pass_time(60)
        assert (shop.on_hand("VASE-1"), shop.here.case_kinds()) == (9, [])


def test_a_stale_number_is_read_and_decided_again(database: Database) -> None:
    """The shop's count moved after we last looked: the write is refused, the row read, and the new count set over it."""
    with selling(database, ManualClock(START)) as shop:
        shop.count(VASE_1=12, BOWL_1=7)
        shop.pass_time(60)
        shop.here.shopify.add_fault("webhook_lost", count=20)
        order = shop.here.shopify.sell("VASE-1", 3)
        shop.here.shopify.fulfil_by_hand(order.name)
        before = shop.writes()
        shop.here.clock.advance(timedelta(seconds=5))
        shop.count(VASE_1=20, BOWL_1=8)
        shop.pass_time(60)
        assert (shop.on_hand("VASE-1"), shop.on_hand("BOWL-1")) == (20, 8)
        assert shop.writes() == before + 2, "one refused as a whole, and one with both rows"


def test_a_burst_is_the_fewest_writes(database: Database) -> None:
    """Two changes each of 500 products are two writes of 250 rows; each item is read at first sight, and once read back."""
    goods = [Goods(f"P{number:04d}", f"B{number:09d}", stock=1, declared_source="warehouse") for number in range(500)]
    with selling(database, ManualClock(START), *goods, pace=QUIET) as shop:
        reads = shop.reads()
        shop.count_all([Count(each.sku, LOCATION, 7) for each in goods])
        shop.here.clock.advance(timedelta(seconds=1))
        shop.count_all([Count(each.sku, LOCATION, 9) for each in goods])
        shop.pass_time(20)
        levels = [row for row in shop.here.shopify.state()["levels"] if row["location"] == LOCATION]
        assert {row["on_hand"] for row in levels} == {9}
        assert shop.writes() == 2
        assert shop.reads() - reads <= 6 + 6, "100 items a request; of 250 rows that is three"


def test_throttling_delays_and_loses_nothing(database: Database) -> None:
    """Refused for lack of budget, the same write goes again under its key."""
    with selling(database, ManualClock(START)) as shop:
        shop.count(VASE_1=12)
        shop.pass_time(60)
        shop.here.shopify.add_fault("throttled", operation="inventorySetQuantities", count=2)
        shop.here.shopify.add_fault("applied_but_timed_out", operation="inventorySetQuantities", count=1, mode="504")
        shop.count(VASE_1=15)
        shop.pass_time(200)
        assert shop.on_hand("VASE-1") == 15
        keys = [key for each in shop.here.shopify.state()["requests"] for key in each["idempotency_keys"]]
        assert len(keys) > len(set(keys)) == 2, "the same write again is the same write"
        assert shop.rows("SELECT DISTINCT state FROM trueup.stock_writes") == [("accepted",)]


def test_a_lost_webhook_is_found_by_the_sweep(database: Database) -> None:
    """Somebody raised the count in the shop and no word of it came: the next sweep says so, with both numbers and the money."""
    pace = replace(QUIET, stock_sweep=timedelta(hours=1))
    with selling(database, ManualClock(START), VASE, BOWL, pace=pace, sweeps=True) as shop:
        shop.count(VASE_1=12, BOWL_1=7)
        shop.pass_time(120)
        shop.here.shopify.add_fault("webhook_lost", count=5)
        order = shop.here.shopify.sell("BOWL-1", 1)
        shop.here.shopify.fulfil_by_hand(order.name)
        raise_by_hand(shop, "VASE-1", 4)
        shop.pass_time(120)
        assert shop.here.case_kinds() == []
        shop.pass_time(3700)
        [case] = shop.here.open_cases()
        assert (case["kind"], case["subject"]) == ("stock.drift", f"stock {SHOP} VASE-1 {LOCATION}")
        assert case["expected"].startswith("12 on hand") and case["found"] == "16 on hand"
        assert case["money_at_risk"] == "40.00 USD"
        shop.count(VASE_1=16)
        shop.pass_time(120)
        assert shop.here.case_kinds() == []


def test_a_product_that_the_shop_does_not_track_is_a_case(database: Database) -> None:
    """It sells without limit there, so a count would mean nothing: it is told, not written."""
    loose = Goods("LOOSE-1", "B000000013", stock=5, declared_source="warehouse", tracked=False)
    with selling(database, ManualClock(START), VASE, loose) as shop:
        shop.count(LOOSE_1=3, VASE_1=4)
        shop.pass_time(60)
        assert shop.here.case_kinds() == ["stock.untracked"]
        assert (shop.on_hand("LOOSE-1"), shop.on_hand("VASE-1")) == (5, 4)


def raise_by_hand(shop: Channel, sku: str, eaches: int) -> None:
    """Someone types a higher number into the shop's admin."""
    world = shop.here.shopify.world
    with world.lock:
        levels = world.items_by_sku[sku][0].levels.values()
        [level] = [level for level in levels if level.location.name == LOCATION]
        stock.shift(world, level, {"available": eaches, "on_hand": eaches})
