"""Publishing killed at every effect and resumed: the same numbers in the shop, each written once, nobody told of anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.workflows.channels import BOWL, KEEPER, QUIET, VASE
from tests.workflows.conftest import NewDatabase
from tests.workflows.crashing import Fate, kill_everywhere, pass_time_over_crashes
from tests.workflows.installation import LOCATION, Installation, install
from trueup.base.clock import ManualClock
from trueup.formats.stock_counts import Count, write_stock_counts
from trueup.storage.database import Database
from trueup.workflows.declare_stock import declare_stock

START = datetime(2026, 11, 23, 9, tzinfo=UTC)


def travel(database: Database, fate: Fate) -> dict[str, Any]:
    """A first count, then goods that leave and a second one that is stale at first, killed as fated; how it ended."""
    with install(database, ManualClock(START), VASE, BOWL, pace=QUIET) as here:
        here.pass_time(timedelta(seconds=5))
        _count(here, 12, 7)
        here.pass_time(timedelta(seconds=5))
        here.engine.fate = fate
        order = here.shopify.sell("VASE-1", 2)
        here.shopify.fulfil_by_hand(order.name)
        _count(here, 9, 8)
        pass_time_over_crashes(here, timedelta(seconds=20))
        return _end(here)


def _count(here: Installation, vases: int, bowls: int) -> None:
    content = write_stock_counts([Count("VASE-1", LOCATION, vases), Count("BOWL-1", LOCATION, bowls)])
    assert here.engine.act(declare_stock, content, KEEPER).taken


def _end(here: Installation) -> dict[str, Any]:
    state = here.shopify.state()
    keys = [key for each in state["requests"] if each["result"] == "ok" for key in each["idempotency_keys"]]
    return {
        "levels": {sku: here.level(sku) for sku in ("VASE-1", "BOWL-1")},
        "writes": len(set(keys)),
        "cases": here.case_kinds(),
    }


def test_a_crash_at_any_effect_changes_nothing(new_database: NewDatabase) -> None:
    """Same numbers, the same writes, no case, wherever the worker died."""

    def live(fate: Fate) -> dict[str, Any]:
        with new_database() as database:
            return travel(database, fate)

    assert kill_everywhere(live)["levels"]["VASE-1"]["on_hand"] == 9
