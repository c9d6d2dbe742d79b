"""A big shop in one export: dated by its beginning, begun once whatever is lost, and never in the way of what is newer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.workflows.channels import BOWL, LAMP, QUIET, VASE, Channel, selling
from tests.workflows.conftest import NewDatabase
from tests.workflows.crashing import Fate, kill_everywhere, pass_time_over_crashes
from tests.workflows.installation import SHOP
from trueup.base.clock import ManualClock
from trueup.remote.exports import Exported
from trueup.storage.database import Database
from trueup.workflows.check_stock import sweep_rounds
from trueup.workflows.rounds import start_rounds
from trueup.workflows.wake_stock import look_now

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
BIG = replace(QUIET, stock_sweep=timedelta(days=9), stock_export_from=3)
SMALL = replace(BIG, stock_export_from=4)


def sweep(shop: Channel, seconds: float = 120) -> None:
    """The shop is swept now."""
    [rounds] = sweep_rounds(shop.here.world)
    shop.here.engine.act(lambda tx: start_rounds(tx, rounds))
    if seconds:
        shop.pass_time(seconds)


def exports(shop: Channel) -> list[tuple[Any, ...]]:
    """(stage, whole, rows) of every export so far."""
    return [tuple(row) for row in shop.rows("SELECT stage, whole, rows FROM trueup.shop_exports ORDER BY id")]


def asked(shop: Channel, operation: str) -> int:
    """How often the shop was asked for an operation."""
    return sum(1 for each in shop.here.shopify.state()["requests"] if operation in each["operations"])


def raise_by_hand(shop: Channel, sku: str, eaches: int) -> None:
    """Somebody changes the number in the admin, and no webhook tells."""
    shop.here.shopify.add_fault("webhook_lost", count=1)
    shop.here.shopify.count_by_hand(sku, "main", eaches)


def test_a_big_shop_is_swept_by_one_export(database: Database) -> None:
    """One operation, its file archived byte for byte; what no event told is found, and no item was read for it."""
    with selling(database, ManualClock(START), VASE, BOWL, LAMP, pace=BIG) as shop:
        shop.count(VASE_1=12, BOWL_1=7)
        shop.pass_time(120)
        raise_by_hand(shop, "VASE-1", 4)
        reads = shop.reads()
        sweep(shop)
        assert exports(shop) == [("done", True, 6)], "three items and a level of each"
        assert (asked(shop, "bulkOperationRunQuery"), shop.reads() - reads) == (1, 0)
        [case] = shop.here.open_cases()
        assert (case["kind"], case["found"]) == ("stock.drift", "16 on hand")
        [(digest, as_of)] = shop.rows("SELECT evidence, as_of FROM trueup.shop_exports")
        assert shop.rows("SELECT DISTINCT evidence FROM trueup.publications") == [(digest,)]
        with shop.here.database.transaction() as connection:
            assert shop.here.world.read(connection, digest) == _file(shop)
        assert shop.rows("SELECT DISTINCT shown_at FROM trueup.publications") == [(as_of,)]


def _file(shop: Channel) -> bytes:
    [made] = shop.here.shopify.world.bulk_operations
    return b"".join(line + b"\n" for line in made.lines)


def test_a_small_shop_is_read_by_pages(database: Database) -> None:
    """Below the setting nothing is exported."""
    with selling(database, ManualClock(START), VASE, BOWL, LAMP, pace=SMALL) as shop:
        reads = shop.reads()
        sweep(shop)
        assert (exports(shop), asked(shop, "bulkOperationRunQuery")) == ([], 0)
        assert shop.reads() > reads


def test_what_changed_while_the_export_ran_wins(database: Database) -> None:
    """The file says what was there when it began; a count that was written and a sale that was read since stay."""
    rules = {"bulk_seconds": 60.0}
    with selling(database, ManualClock(START), VASE, BOWL, LAMP, pace=BIG, shop_rules=rules) as shop:
        shop.count(VASE_1=12, BOWL_1=7)
        shop.pass_time(120)
        sweep(shop, 10)
        shop.count(VASE_1=20)
        order = shop.here.shopify.sell("BOWL-1", 2)
        shop.here.shopify.fulfil_by_hand(order.name)
        shop.pass_time(20)
        shown = "SELECT sku, believed FROM trueup.publications WHERE sku <> 'LAMP-1' ORDER BY sku"
        assert shop.rows(shown) == [("BOWL-1", 5), ("VASE-1", 20)]
        shop.pass_time(120)
        assert exports(shop) == [("done", True, 6)]
        assert shop.rows(shown) == [("BOWL-1", 5), ("VASE-1", 20)]
        assert (shop.on_hand("VASE-1"), shop.here.case_kinds()) == (20, [])


@pytest.mark.parametrize("code", ["TIMEOUT", "ACCESS_DENIED"])
def test_an_export_that_fails_leaves_the_rest_to_pages(database: Database, code: str) -> None:
    """What its part shows is taken in, an item whose level was cut off is not taken for empty, and the rest is read."""
    with selling(database, ManualClock(START), VASE, BOWL, LAMP, pace=BIG) as shop:
        shop.count(VASE_1=12, BOWL_1=7)
        shop.pass_time(120)
        raise_by_hand(shop, "VASE-1", 4)
        shop.here.shopify.add_fault("bulk_failed", mode=code, count=1)
        reads = shop.reads()
        sweep(shop)
        [(stage, whole, _)] = exports(shop)
        assert (stage, whole) == ("done", False)
        assert shop.reads() > reads
        kinds = ["stock.drift"] if code == "TIMEOUT" else ["source.failing", "stock.drift"]
        assert shop.here.case_kinds() == kinds
        assert shop.rows("SELECT min(on_hand) FROM trueup.publications") == [(7,)]


def test_a_sweep_beside_an_export_begins_no_second(database: Database) -> None:
    """One is under way at a time; the shop telling twice of its end, or of another's, changes nothing."""
    rules = {"bulk_seconds": 40.0}
    with selling(database, ManualClock(START), VASE, BOWL, LAMP, pace=BIG, shop_rules=rules) as shop:
        shop.here.shopify.subscribe("app", "BULK_OPERATIONS_FINISH", f"{shop.url}/webhooks/shopify/{SHOP}")
        shop.here.shopify.add_fault("webhook_duplicate", operation="BULK_OPERATIONS_FINISH", count=1)
        sweep(shop, 10)
        sweep(shop, 10)
        assert asked(shop, "bulkOperationRunQuery") == 1
        looks = asked(shop, "bulkOperation")
        shop.pass_time(25)
        assert exports(shop) == [("done", True, 6)], "the webhook came before the next look"
        assert asked(shop, "bulkOperation") <= looks + 3
        sweep(shop)
        assert asked(shop, "bulkOperationRunQuery") == 2


def test_a_busy_app_waits_for_its_turn(database: Database) -> None:
    """Five operations of a kind may run: with five of others under way ours follows later."""
    rules = {"bulk_seconds": 100.0}
    with selling(database, ManualClock(START), VASE, BOWL, LAMP, pace=BIG, shop_rules=rules) as shop:
        store = shop.here.world.connections.exporters[SHOP]
        for _ in range(5):
            store.start_export(Exported.STOCK)
        with shop.here.database.transaction():
            pass
        shop.here.clock.advance(timedelta(minutes=1, seconds=5))
        sweep(shop, 30)
        assert [stage for stage, _, _ in exports(shop)] == ["wanted"]
        shop.pass_time(300)
        assert [stage for stage, _, _ in exports(shop)] == ["done"]
        assert shop.here.case_kinds() == []


def travel(database: Database, fate: Fate) -> dict[str, Any]:
    """A sweep by export, killed as fated; how it ended."""
    with selling(database, ManualClock(START), VASE, BOWL, LAMP, pace=BIG) as shop:
        shop.count(VASE_1=12, BOWL_1=7)
        shop.pass_time(60)
        raise_by_hand(shop, "VASE-1", 4)
        shop.here.engine.fate = fate
        _until_done(shop)
        return {
            "exports": exports(shop),
            "begun": len(shop.here.shopify.world.bulk_operations),
            "cases": shop.here.case_kinds(),
            "shown": shop.rows("SELECT sku, on_hand, believed FROM trueup.publications ORDER BY sku"),
        }


def _until_done(shop: Channel) -> None:
    [rounds] = sweep_rounds(shop.here.world)
    shop.here.engine.act(lambda tx: start_rounds(tx, rounds))
    pass_time_over_crashes(shop.here, timedelta(minutes=4))


def test_a_crash_at_any_effect_begins_no_second_export(new_database: NewDatabase) -> None:
    """One operation at the shop, one file taken in, the same drift found, wherever the worker died."""

    def live(fate: Fate) -> dict[str, Any]:
        with new_database() as database:
            return travel(database, fate)

    wanted = kill_everywhere(live)
    assert (wanted["begun"], wanted["cases"]) == (1, ["stock.drift"])


def test_a_burst_is_read_back_by_one_export(database: Database) -> None:
    """Enough looks at once become one export and no reading of items; one that falls due meanwhile is read at once."""
    rules = {"bulk_seconds": 60.0}
    with selling(database, ManualClock(START), VASE, BOWL, LAMP, pace=BIG, shop_rules=rules) as shop:
        shop.count(VASE_1=12, BOWL_1=7)
        shop.pass_time(120)
        reads, begun = shop.reads(), asked(shop, "bulkOperationRunQuery")
        assert begun == 0, "two looks are fewer than three"
        items = [each.id for each in shop.here.shopify.world.items]
        raise_by_hand(shop, "VASE-1", 4)
        shop.here.engine.act(look_now, SHOP, items)
        shop.pass_time(20)
        assert (asked(shop, "bulkOperationRunQuery"), shop.reads() - reads) == (1, 0)
        order = shop.here.shopify.sell("BOWL-1", 2)
        shop.here.shopify.fulfil_by_hand(order.name)
        shop.pass_time(10)
        assert shop.reads() - reads == 1, "what was sold meanwhile does not wait for the export"
        assert shop.rows("SELECT believed FROM trueup.publications WHERE sku = 'BOWL-1'") == [(5,)]
        shop.pass_time(120)
        assert exports(shop) == [("done", True, 6)]
        assert (shop.here.case_kinds(), shop.reads() - reads) == (["stock.drift"], 1)
        assert shop.rows("SELECT count(*) FROM trueup.stock_looks") == [(0,)]


def test_what_an_export_could_not_read_back_is_read_by_pages(database: Database) -> None:
    """One that fails is not begun again and again: its looks are read item by item at once."""
    with selling(database, ManualClock(START), VASE, BOWL, LAMP, pace=BIG) as shop:
        shop.pass_time(60)
        shop.here.shopify.add_fault("bulk_failed", mode="ACCESS_DENIED", count=1)
        items = [each.id for each in shop.here.shopify.world.items]
        reads = shop.reads()
        shop.here.engine.act(look_now, SHOP, items)
        shop.pass_time(60)
        shop.here.engine.act(look_now, SHOP, items)
        shop.pass_time(60)
        assert (asked(shop, "bulkOperationRunQuery"), shop.reads() - reads) == (1, 2)
        assert shop.rows("SELECT count(*) FROM trueup.stock_looks") == [(0,)]
