"""What customers buy and send back moves the ledger once, under the order's name; what nothing explains is found, up or down."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.workflows.channels import BOWL, QUIET, VASE, Channel, selling
from tests.workflows.installation import LOCATION, SHOP, line
from trueup.base.clock import ManualClock
from trueup.storage.database import Database
from trueup.workflows.explain_stock import explain_stock, stock_history
from trueup.workflows.poll_sales import sales_changed

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINUTE, HOUR = 60, 3600
HOURLY = replace(QUIET, stock_sweep=timedelta(hours=1))


def moved(shop: Channel, sku: str = "VASE-1") -> list[tuple[str, int, str]]:
    """(kind, eaches, order) of what the shop told of, oldest first."""
    rows = shop.rows(
        "SELECT kind, eaches, reference FROM trueup.stock_movements WHERE source = 'shop' AND sku = :sku "
        "ORDER BY occurred_at, id",
        sku=sku,
    )
    return [(row.kind, row.eaches, row.reference.split()[0]) for row in rows]


def promised(shop: Channel, sku: str = "VASE-1") -> int:
    """What wholesale may be promised."""
    with shop.here.database.transaction() as connection:
        told = explain_stock(connection, shop.here.world, sku, shop.here.clock.now())
    return next(int(each["eaches"]) for each in told["channels"] if each["for"] == "wholesale")


def history_of(shop: Channel, sku: str = "VASE-1") -> list[dict[str, Any]]:
    """As people see it."""
    with shop.here.database.transaction() as connection:
        return stock_history(connection, sku, LOCATION, None)


def test_an_order_moves_what_it_sends_and_takes_back_and_nothing_twice(database: Database) -> None:
    """In parts, sent off and not, sent back: each is one movement, whatever the webhooks do; nothing of it is a drift."""
    with selling(database, ManualClock(START), VASE, BOWL, pace=HOURLY, sweeps=True) as shop:
        shop.count(VASE_1=12)
        shop.pass_time(5 * MINUTE)
        shopify = shop.here.shopify
        order = shopify.sell("VASE-1", 4)
        shopify.fulfil_by_hand(order.name, 1)
        shop.pass_time(HOUR)
        assert (moved(shop), promised(shop), shop.on_hand("VASE-1")) == ([("sold", 1, order.name)], 11, 11)
        shopify.add_fault("webhook_duplicate", count=4)
        shopify.fulfil_by_hand(order.name)
        shop.pass_time(5 * MINUTE)
        shopify.add_fault("webhook_lost", count=20)
        shopify.unfulfil_by_hand(order.name)
        shop.pass_time(HOUR)
        assert moved(shop)[1:] == [("sold", 3, order.name), ("returned", 3, order.name)]
        assert (promised(shop), shop.on_hand("VASE-1")) == (11, 11)
        shopify.clear_faults()
        shopify.fulfil_by_hand(order.name)
        shop.pass_time(5 * MINUTE)
        shopify.refund_by_hand(order.name, {order.line_items[0].id: 2}, restock="RETURN")
        shop.pass_time(2 * HOUR)
        assert moved(shop)[3:] == [("sold", 3, order.name), ("returned", 2, order.name)]
        assert (promised(shop), shop.on_hand("VASE-1")) == (10, 10)
        last = [each for each in history_of(shop) if each["reference"]][-1]
        assert (last["what"], last["eaches"], last["reference"].split()[0]) == ("returned", 2, order.name)
        assert last["evidence"], "what the shop said of the order"
        unexplained = [each["unexplained"] for each in history_of(shop) if each["source"] == SHOP]
        assert not any(unexplained[2:]), "but for the first count, which we set over the shop's own"
        assert shop.here.case_kinds(state=None) == []
        assert shop.writes() == 1, "what the shop took off itself is never written to it"


def test_an_order_that_the_search_hid_for_long_is_found(database: Database) -> None:
    """It appears behind what was covered meanwhile: a longer look back, once an hour and once a day, finds it."""
    often = replace(HOURLY, sales=timedelta(minutes=5))
    with selling(database, ManualClock(START), VASE, pace=often, sweeps=True) as shop:
        shop.count(VASE_1=12)
        shop.pass_time(5 * MINUTE)
        shopify = shop.here.shopify
        for seconds, looked_at in ((15 * MINUTE, 2 * HOUR), (4 * HOUR, 20 * HOUR)):
            shopify.add_fault("search_lag", seconds=float(seconds), count=2)
            shopify.add_fault("webhook_lost", count=10)
            hidden = shopify.sell("VASE-1", 1)
            shopify.fulfil_by_hand(hidden.name)
            shop.pass_time(looked_at)
            assert moved(shop)[-1] == ("sold", 1, hidden.name)
            shopify.clear_faults()
        assert [kind for kind, _, _ in moved(shop)] == ["sold", "sold"]
        assert shop.here.case_kinds() == [], "what was told meanwhile is closed"


def test_what_comes_back_is_promised_no_higher_than_was_counted(database: Database) -> None:
    """Sold before the count, sent back after it: it may lie among what was counted. The shop that put it back is right."""
    with selling(database, ManualClock(START), VASE, pace=HOURLY, sweeps=True) as shop:
        order = shop.here.shopify.sell("VASE-1", 2)
        shop.here.shopify.fulfil_by_hand(order.name)
        shop.pass_time(5 * MINUTE)
        shop.count(VASE_1=3)
        shop.pass_time(5 * MINUTE)
        shop.here.shopify.refund_by_hand(order.name, {order.line_items[0].id: 2}, restock="RETURN")
        shop.pass_time(2 * HOUR)
        assert (promised(shop), shop.on_hand("VASE-1")) == (3, 5)
        assert shop.here.case_kinds(state=None) == []


def test_a_hand_that_lowers_a_number_is_found_and_named(database: Database) -> None:
    """By the next sweep, with both numbers, the last order that moved it and the money; the next count closes it."""
    with selling(database, ManualClock(START), VASE, pace=HOURLY, sweeps=True) as shop:
        shop.count(VASE_1=12)
        shop.pass_time(5 * MINUTE)
        order = shop.here.shopify.sell("VASE-1", 2)
        shop.here.shopify.fulfil_by_hand(order.name)
        shop.pass_time(20 * MINUTE)
        shop.here.shopify.add_fault("webhook_lost")
        shop.here.shopify.count_by_hand("VASE-1", LOCATION, -3)
        shop.pass_time(40 * MINUTE)
        [case] = shop.here.open_cases()
        assert (case["kind"], case["found"]) == ("stock.drift", "7 on hand")
        assert case["expected"].startswith("10 on hand: 12 told, -2 by its orders; its last order moved 2 sold on")
        assert order.name in case["expected"]
        assert case["money_at_risk"] == "30.00 USD", "three that lie there and are not offered, at their cost"
        assert shop.on_hand("VASE-1") == 7, "a merchant's number is not overwritten behind the merchant's back"
        shop.pass_time(2 * HOUR)
        assert len(shop.here.open_cases()) == 1, "told once"
        shop.count(VASE_1=10)
        shop.pass_time(5 * MINUTE)
        assert (shop.here.case_kinds(), shop.on_hand("VASE-1")) == ([], 10)


def test_an_order_that_cannot_be_read_yet_makes_no_case(database: Database) -> None:
    """The shop tells nothing of its orders for hours; then it does, and the parcel explains the number."""
    with selling(database, ManualClock(START), VASE, pace=HOURLY, sweeps=True) as shop:
        shop.count(VASE_1=12)
        shop.pass_time(5 * MINUTE)
        shop.here.shopify.add_fault("server_error", operation="orders", count=500)
        order = shop.here.shopify.sell("VASE-1", 2)
        shop.here.shopify.fulfil_by_hand(order.name)
        shop.pass_time(20 * MINUTE)
        assert "stock.drift" not in shop.here.case_kinds(state=None)
        assert moved(shop) == []
        shop.here.shopify.clear_faults()
        shop.pass_time(10 * MINUTE)
        assert moved(shop) == [("sold", 2, order.name)]
        assert "stock.drift" not in shop.here.case_kinds(state=None)


def test_what_was_taken_off_an_order_is_explained_as_far_as_the_shop_says(database: Database) -> None:
    """Cancelled with its goods put back, and without: the shop says only that they were taken off. Neither is a drift."""
    with selling(database, ManualClock(START), VASE, BOWL, pace=HOURLY, sweeps=True) as shop:
        shop.count(VASE_1=12, BOWL_1=12)
        shop.pass_time(5 * MINUTE)
        for sku, restock in (("VASE-1", True), ("BOWL-1", False)):
            order = shop.here.shopify.sell(sku, 2)
            shop.pass_time(MINUTE)
            shop.here.shopify.cancel_by_hand(order.name, restock=restock)
        shop.pass_time(3 * HOUR)
        assert (shop.on_hand("VASE-1"), shop.on_hand("BOWL-1")) == (12, 10)
        assert (moved(shop), moved(shop, "BOWL-1"), shop.here.case_kinds(state=None)) == ([], [], [])


def test_a_parcel_told_after_the_count_was_set_over_it_is_taken_off_again(database: Database) -> None:
    """It left after the count and before the shop took it: the count put it back, and its order takes it off when it is known."""
    with selling(database, ManualClock(START), VASE, pace=HOURLY, sweeps=True) as shop:
        shop.count(VASE_1=12)
        shop.pass_time(5 * MINUTE)
        shop.here.shopify.add_fault("webhook_lost", count=50)
        shop.here.shopify.add_fault("throttled", operation="inventorySetQuantities", count=1)
        shop.count(VASE_1=20)
        shop.pass_time(1)
        order = shop.here.shopify.sell("VASE-1", 2)
        shop.here.shopify.fulfil_by_hand(order.name)
        shop.pass_time(5 * MINUTE)
        assert (shop.on_hand("VASE-1"), promised(shop)) == (20, 20), "nobody said a word of the parcel"
        shop.here.engine.act(sales_changed, SHOP)
        shop.pass_time(MINUTE)
        assert (shop.on_hand("VASE-1"), promised(shop)) == (18, 18)
        shop.pass_time(HOUR)
        assert (shop.on_hand("VASE-1"), shop.here.case_kinds(state=None)) == (18, [])


def test_goods_of_a_purchase_order_are_shipped_and_held_until_they_are_counted_gone(database: Database) -> None:
    """The shop's order for it is fulfilled in two parts, one of them is cancelled; closed and counted, nothing has left twice."""
    with selling(database, ManualClock(START), VASE, pace=replace(QUIET, poll=timedelta(minutes=10))) as shop:
        shop.count(VASE_1=60)
        number = shop.here.order(line(VASE, 5))
        shop.pass_time(2 * HOUR)
        [order] = shop.here.shop_orders(number)
        shop.here.shopify.fulfil_by_hand(order["name"], 10)
        shop.pass_time(10 * MINUTE)
        shop.here.shopify.fulfil_by_hand(order["name"])
        shop.pass_time(10 * MINUTE)
        assert moved(shop) == [("shipped", 10, order["name"]), ("shipped", 20, order["name"])]
        shop.here.shopify.unfulfil_by_hand(order["name"])
        shop.pass_time(10 * MINUTE)
        assert moved(shop)[2:] == [("recalled", 20, order["name"])]
        assert (promised(shop), shop.on_hand("VASE-1")) == (30, 50), (
            "held on: a count may have been taken before it left"
        )
        [row] = shop.rows("SELECT eaches, shipped_eaches FROM trueup.reservations")
        assert tuple(row) == (30, 10)
        assert [each["held"] for each in history_of(shop)][-4:] == [30, 20, 0, 20]
        with shop.here.database.transaction() as connection:
            connection.exec_driver_sql("UPDATE trueup.orders SET state = 'closed'")
        shop.count(VASE_1=30)
        shop.pass_time(10 * MINUTE)
        shipped = shop.rows("SELECT sum(eaches) FROM trueup.stock_movements WHERE kind = 'shipped'")[0][0]
        recalled = shop.rows("SELECT sum(eaches) FROM trueup.stock_movements WHERE kind = 'recalled'")[0][0]
        assert (shipped - recalled, promised(shop)) == (30, 30)
