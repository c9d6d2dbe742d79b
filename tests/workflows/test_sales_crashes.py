"""Sales read by a worker that is killed at every effect: each parcel and return moves the ledger once, and no drift is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.workflows.channels import BOWL, VASE, selling
from tests.workflows.conftest import NewDatabase
from tests.workflows.crashing import Fate, alive, count_commits, kill_everywhere, pass_time_over_crashes
from tests.workflows.test_sales_move_stock import HOURLY, moved, promised
from trueup.base.clock import ManualClock
from trueup.storage.database import Database
from trueup.workflows.poll_sales import sales_changed

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
PACE = replace(HOURLY, sales=timedelta(minutes=5), stock_sweep=timedelta(days=9))


def travel(database: Database, fate: Fate) -> dict[str, Any]:
    """Two are sold in two parcels, one comes back, another order leaves; the reading of it is killed as fated. How it ended."""
    with selling(database, ManualClock(START), VASE, BOWL, pace=PACE) as shop:
        shop.count(VASE_1=12, BOWL_1=7)
        shop.pass_time(30)
        shopify = shop.here.shopify
        first, second = shopify.sell("VASE-1", 3), shopify.sell("BOWL-1", 1)
        shopify.fulfil_by_hand(first.name, 1)
        shopify.fulfil_by_hand(first.name)
        shopify.fulfil_by_hand(second.name)
        shopify.refund_by_hand(first.name, {first.line_items[0].id: 1}, restock="RETURN")
        count_commits(shop.here)
        shop.here.engine.fate = fate
        pass_time_over_crashes(shop.here, timedelta(minutes=12))
        shop.here.engine.fate = alive
        shop.here.engine.act(sales_changed, "shop")
        shop.pass_time(600)
        return {
            "moved": {sku: sorted(moved(shop, sku)) for sku in ("VASE-1", "BOWL-1")},
            "promised": {sku: promised(shop, sku) for sku in ("VASE-1", "BOWL-1")},
            "kept": shop.rows("SELECT count(*) FROM trueup.shop_sales"),
            "writes": shop.writes(),
            "cases": shop.here.case_kinds(state=None),
        }


def test_a_crash_at_any_effect_moves_nothing_twice(new_database: NewDatabase) -> None:
    """The same movements, promises and writes, and no case, wherever the worker died."""

    def live(fate: Fate) -> dict[str, Any]:
        with new_database() as database:
            return travel(database, fate)

    end = kill_everywhere(live)
    assert [(kind, eaches) for kind, eaches, _ in end["moved"]["VASE-1"]] == [("returned", 1), ("sold", 1), ("sold", 2)]
    assert [(kind, eaches) for kind, eaches, _ in end["moved"]["BOWL-1"]] == [("sold", 1)]
    assert end["promised"] == {"VASE-1": 10, "BOWL-1": 6}
