"""The crash matrix of withholding items: killed around every word with the programme, an order takes what is free, gives back
what it does not hold any more, and never an item that a customer has."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.workflows.circulating import BIKE, Circulation, circulate
from tests.workflows.conftest import NewDatabase
from tests.workflows.crashing import Fate, alive, count_commits, kill_everywhere, pass_time_over_crashes
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


def travel(database: Database, fate: Fate) -> dict[str, Any]:
    """Three items, one booked by a customer unknown to us. Three are ordered and answered, then the order is cancelled.

    Killed as fated; returns how both halves ended.
    """
    with circulate(database, ManualClock(START), pace=PACE) as circle:
        here = circle.installed
        circle.items(3)
        circle.look()
        cycle = circle.rent(20, 24)
        count_commits(here)
        here.engine.fate = fate
        number = here.order(line(BIKE, 3, "Eaches"))
        pass_time_over_crashes(here, timedelta(hours=4))
        answered = _standing(circle, cycle, number)
        here.amazon.change_order(number, {"cancel": True})
        pass_time_over_crashes(here, timedelta(hours=4))
        here.engine.fate = alive
        return {"answered": answered, "cancelled": _standing(circle, cycle, number)}


def _words(names: list[str]) -> list[str]:
    """Words with the programme, and the effects that prepare each and that write down what it answered."""
    spoken = [at for at, name in enumerate(names) if ": supercycle: " in name]
    return [
        names[at] for at in sorted({near + step for near in spoken for step in (-1, 0, 1, 2)}) if 0 <= at < len(names)
    ]


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


def test_an_order_takes_and_gives_back_the_same_items_whatever_is_killed(new_database: NewDatabase) -> None:
    """The same items end withheld, the customer keeps theirs, and Amazon is told the same."""

    def live(fate: Fate) -> dict[str, Any]:
        with new_database() as database:
            return travel(database, fate)

    wanted = kill_everywhere(live, chosen=_words)
    assert wanted["answered"]["visibilities"] == ["available", *["unavailable"] * 2]
    assert wanted["cancelled"]["visibilities"] == ["available"] * 3
