"""Publishing killed at every effect and resumed: the same numbers in the shop, each written once, nobody told of anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.workflows.channels import BOWL, KEEPER, QUIET, VASE
from tests.workflows.conftest import NewDatabase
from tests.workflows.crashing import Fate, kill_everywhere, pass_time_over_crashes
from tests.workflows.installation import LOCATION, SHOP, Installation, install
from trueup.base.clock import ManualClock
from trueup.domain.buffer_changes import ALL, BufferChange, BufferScope, SecondPerson
from trueup.domain.buffers import BufferRule
from trueup.domain.cases import Role
from trueup.formats.stock_counts import Count, write_stock_counts
from trueup.storage.database import Database
from trueup.workflows.declare_stock import declare_stock
from trueup.workflows.keep_buffers import change_buffer
from trueup.workflows.resolve_case import Person

ELKE = Person("Elke", frozenset({Role.ECOMMERCE}))
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


def put_in_force(database: Database, fate: Fate) -> dict[str, Any]:
    """A buffer of all products from now on, and one of a single product from a moment that comes; killed as fated."""
    with install(database, ManualClock(START), VASE, BOWL, pace=QUIET) as here:
        here.pass_time(timedelta(seconds=5))
        _count(here, 12, 7)
        here.pass_time(timedelta(seconds=5))
        here.engine.fate = fate
        for sku, eaches, seconds in ((ALL, 1, 0), ("VASE-1", 3, 10)):
            scope, begins = BufferScope(f"shop {SHOP}", LOCATION, sku), here.clock.now() + timedelta(seconds=seconds)
            change = BufferChange(scope, BufferRule(eaches), begins, "sells fast")
            here.engine.act(change_buffer, change, ELKE, SecondPerson.NEVER)
        pass_time_over_crashes(here, timedelta(seconds=30))
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


def test_a_buffer_is_in_force_and_shown_once_whatever_is_killed(new_database: NewDatabase) -> None:
    """That of all at once, that of one when its time came: what the shop reserves for us, in the same writes."""

    def live(fate: Fate) -> dict[str, Any]:
        with new_database() as database:
            return put_in_force(database, fate)

    levels = kill_everywhere(live)["levels"]
    assert [levels[sku]["reserved"] for sku in ("VASE-1", "BOWL-1")] == [3, 1]
