"""A parcel for a purchase order left the ledger while its reservation held it on: the proof of holds called that broken."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.workflows.channels import QUIET, VASE, Channel, selling
from tests.workflows.installation import line
from tests.workflows.test_sales_move_stock import HOUR, MINUTE, START
from trueup.base.clock import ManualClock
from trueup.checks import stock_ledger
from trueup.invariants import holds_have_moved
from trueup.storage.database import Database


def _unbalanced(shop: Channel) -> tuple[int, int]:
    """How many products the check and the light call unbalanced."""
    with shop.here.database.transaction() as connection:
        ground = shop.here.world.proof_ground(connection, shop.here.clock.now())
        cases = list(stock_ledger.CHECK.find(connection, ground))
        return len(cases), holds_have_moved.INVARIANT.prove(connection, ground).broken


def test_what_shipped_and_what_was_recalled_is_no_imbalance(database: Database) -> None:
    """In part, whole, called back, and counted gone: both sides are the same at each; a change by hand is still found."""
    with selling(database, ManualClock(START), VASE, pace=replace(QUIET, poll=timedelta(minutes=10))) as shop:
        shop.count(VASE_1=60)
        number = shop.here.order(line(VASE, 5))
        shop.pass_time(2 * HOUR)
        [order] = shop.here.shop_orders(number)
        shop.here.shopify.fulfil_by_hand(order["name"], 10)
        shop.pass_time(10 * MINUTE)
        assert [tuple(row) for row in shop.rows("SELECT eaches, shipped_eaches FROM trueup.reservations")] == [(30, 10)]
        assert _unbalanced(shop) == (0, 0)
        shop.here.shopify.fulfil_by_hand(order["name"])
        shop.pass_time(10 * MINUTE)
        assert _unbalanced(shop) == (0, 0)
        shop.here.shopify.unfulfil_by_hand(order["name"])
        shop.pass_time(10 * MINUTE)
        assert _unbalanced(shop) == (0, 0)
        with shop.here.database.transaction() as connection:
            connection.exec_driver_sql("UPDATE trueup.reservations SET eaches = eaches + 1")
        assert _unbalanced(shop) == (1, 1)
        with shop.here.database.transaction() as connection:
            connection.exec_driver_sql("UPDATE trueup.reservations SET eaches = eaches - 1")
            connection.exec_driver_sql("UPDATE trueup.orders SET state = 'closed'")
        shop.count(VASE_1=30)
        shop.pass_time(10 * MINUTE)
        assert _unbalanced(shop) == (0, 0)
