"""Publishing killed at every effect and resumed: the same numbers in the shop, each written once, nobody told of anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.workflows.channels import BOWL, KEEPER, QUIET, VASE
from tests.workflows.conftest import NewDatabase
from tests.workflows.installation import LOCATION, Installation, install
from trueup.base.clock import ManualClock
from trueup.durable.in_process import Crashed
from trueup.formats.stock_counts import Count, write_stock_counts
from trueup.storage.database import Database
from trueup.workflows.declare_stock import declare_stock

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
PARTS = 2


def travel(database: Database, crash_at: int | None) -> tuple[int, dict[str, Any]]:
    """A first count, then goods that leave and a second one that is stale at first, killed at that effect; how many effects
    it had, and how it ended."""
    with install(database, ManualClock(START), VASE, BOWL, pace=QUIET) as here:
        here.pass_time(timedelta(seconds=5))
        _count(here, 12, 7)
        here.pass_time(timedelta(seconds=5))
        before = here.engine.effects
        here.engine.resume(crash_at=None if crash_at is None else before + crash_at)
        order = here.shopify.sell("VASE-1", 2)
        here.shopify.fulfil_by_hand(order.name)
        _count(here, 9, 8)
        _pass_time(here, timedelta(seconds=20))
        return here.engine.effects - before, _end(here)


def _count(here: Installation, vases: int, bowls: int) -> None:
    content = write_stock_counts([Count("VASE-1", LOCATION, vases), Count("BOWL-1", LOCATION, bowls)])
    assert here.engine.act(declare_stock, content, KEEPER).taken


def _pass_time(here: Installation, by: timedelta) -> None:
    until = here.clock.now() + by
    while True:
        try:
            here.pass_time(until - here.clock.now())
            return
        except Crashed:
            here.engine.resume()


def _end(here: Installation) -> dict[str, Any]:
    state = here.shopify.state()
    keys = [key for each in state["requests"] if each["result"] == "ok" for key in each["idempotency_keys"]]
    return {
        "levels": {sku: here.level(sku) for sku in ("VASE-1", "BOWL-1")},
        "writes": len(set(keys)),
        "cases": here.case_kinds(),
    }


@pytest.mark.parametrize("part", range(PARTS))
def test_a_crash_at_any_effect_changes_nothing(part: int, new_database: NewDatabase) -> None:
    """Same numbers, the same writes, no case, wherever the worker died."""
    with new_database() as database:
        effects, wanted = travel(database, None)
    assert effects > 15, "the journey was not counted"
    assert wanted["levels"]["VASE-1"]["on_hand"] == 9
    for crash_at in range(1 + part, effects + 1, PARTS):
        with new_database() as database:
            _, found = travel(database, crash_at)
        assert found == wanted, f"killed at effect {crash_at} of {effects}"
