"""States of stock: what a shop counts as damaged, in quality control, safety stock or on its way, in the history of a product."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.workflows.channels import LAMP, QUIET, Channel, selling
from tests.workflows.installation import LOCATION
from trueup.base.clock import ManualClock
from trueup.storage.database import Database
from trueup.workflows.explain_stock import explain_stock, stock_history

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = 3600
HOURLY = replace(QUIET, stock_sweep=timedelta(hours=1))


def told(shop: Channel) -> list[tuple[int | None, dict[str, tuple[int, int | None]]]]:
    """On hand and the states of each count, oldest first: those that hold something or changed."""
    with shop.here.database.transaction() as connection:
        rows: list[dict[str, Any]] = stock_history(connection, "LAMP-1", LOCATION, None)
    return [
        (
            row["on_hand"],
            {
                each["state"]: (each["eaches"], each["change"])
                for each in row["states"]
                if each["eaches"] or each["change"]
            },
        )
        for row in rows
        if row["what"] == "counted"
    ]


@pytest.mark.parametrize("export_from", [2000, 1])
def test_each_state_has_its_change_and_its_balance(database: Database, export_from: int) -> None:
    """Also where nothing but a state changed; read item by item or by an export, and promised to nobody."""
    pace = replace(HOURLY, stock_export_from=export_from)
    with selling(database, ManualClock(START), LAMP, pace=pace, sweeps=True) as shop:
        shop.pass_time(2 * HOUR)
        [(first, states)] = told(shop)
        assert first is not None and states == {"available": (first, None)}
        shop.here.shopify.count_by_hand("LAMP-1", LOCATION, 2, "damaged")
        shop.here.shopify.count_by_hand("LAMP-1", LOCATION, 3, "quality_control")
        shop.pass_time(2 * HOUR)
        free = first - 5
        assert told(shop)[1:] == [
            (first, {"available": (free, -5), "damaged": (2, 2), "quality_control": (3, 3)}),
        ]
        shop.here.shopify.count_by_hand("LAMP-1", LOCATION, -1, "damaged")
        shop.here.shopify.count_by_hand("LAMP-1", LOCATION, 4, "safety_stock")
        shop.pass_time(2 * HOUR)
        after = {"available": (free - 3, -3), "damaged": (1, -1), "quality_control": (3, 0), "safety_stock": (4, 4)}
        assert told(shop)[2:] == [(first, after)]
        shop.pass_time(5 * HOUR)
        assert len(told(shop)) == 3, "what is as it was says nothing new"
        with database.transaction() as connection:
            [channel, *_] = explain_stock(connection, shop.here.world, "LAMP-1", shop.here.clock.now())["channels"]
        assert channel["eaches"] <= free - 3
