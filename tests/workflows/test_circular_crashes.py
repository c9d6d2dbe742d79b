"""The crash matrix of withholding items: killed around every word with the programme, an order takes what is free, gives back
what it does not hold any more, and never an item that a customer has."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.workflows.circulating import BIKE, Circulation, circulate
from tests.workflows.conftest import NewDatabase
from tests.workflows.crashing import count_commits, pass_time_over_crashes
from tests.workflows.installation import line
from tests.workflows.test_crash_matrix import START
from trueup.base.clock import ManualClock
from trueup.storage.database import Database
from trueup.workflows.world import Pace

# What goes round does so rarely here, so that what is counted is the path of the order.
PACE = Pace(
    poll=timedelta(hours=3),
    back_fill=timedelta(hours=3),
    products=timedelta(days=30),
    watch=timedelta(days=30),
    circular=timedelta(days=30),
    sweep=timedelta(days=30),
)
NEIGHBOURS = range(-1, 3)
"""A word with the programme is surrounded by the effects that prepare it and that write down what it answered."""
PARTS = 2


def travel(database: Database, crash_at: int | None) -> tuple[set[int], dict[str, Any]]:
    """Three items, one booked by a customer unknown to us. Three are ordered and answered, then the order is cancelled.

    Returns at which effects the programme was spoken with, and how both halves ended.
    """
    with circulate(database, ManualClock(START), pace=PACE) as circle:
        here, spoken = circle.installed, set[int]()
        circle.items(3)
        circle.look()
        cycle = circle.rent(20, 24)
        before = here.engine.effects
        count_commits(here)
        circle.listeners.append(lambda: spoken.add(here.engine.effects - before + 1))
        here.engine.resume(crash_at=None if crash_at is None else before + crash_at)
        number = here.order(line(BIKE, 3, "Eaches"))
        pass_time_over_crashes(here, timedelta(hours=4))
        answered = _standing(circle, cycle, number)
        here.amazon.change_order(number, {"cancel": True})
        pass_time_over_crashes(here, timedelta(hours=4))
        return spoken, {"answered": answered, "cancelled": _standing(circle, cycle, number)}


def _standing(circle: Circulation, cycle: int, number: str) -> dict[str, Any]:
    """What each system holds, and what we say of it."""
    holder, seen = circle.holder(cycle), circle.visibilities()
    return {
        "booked item": seen[holder] if holder is not None else "not allocated yet",
        "visibilities": sorted(seen.values()),
        "lanes": circle.lanes(),
        "amazon": circle.installed.held_by_amazon(number),
        "sends": circle.installed.sends(number),
        "cases": circle.installed.case_kinds(),
    }


@pytest.mark.parametrize("part", range(PARTS))
def test_an_order_takes_and_gives_back_the_same_items_whatever_is_killed(part: int, new_database: NewDatabase) -> None:
    """The same items end withheld, the customer keeps theirs, and Amazon is told the same."""
    with new_database() as database:
        spoken, wanted = travel(database, None)
    assert wanted["answered"]["visibilities"] == ["available", *["unavailable"] * 2]
    assert wanted["cancelled"]["visibilities"] == ["available"] * 3
    positions = sorted({at + step for at in spoken for step in NEIGHBOURS if at + step > 0})
    assert len(positions) > 30, "the words with the programme were not counted"
    for crash_at in positions[part::PARTS]:
        with new_database() as database:
            _, found = travel(database, crash_at)
        assert found == wanted, f"killed at effect {crash_at}"
