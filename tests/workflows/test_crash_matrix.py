"""The crash matrix: the path killed at every effect, resumed, ends in the same state with nothing sent twice.

Effects are counted, never placed by hand: each step twice (its doing, its checkpoint), each commit of the log once, each
request to another system twice (before it leaves; after it was done there and before we know), and each transaction that
a step commits for itself once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.workflows.conftest import NewDatabase
from tests.workflows.crashing import Fate, alive, count_commits, kill_everywhere, pass_time_over_crashes
from tests.workflows.installation import CHAIR, LAMP, Installation, install, line
from trueup.base.clock import ManualClock
from trueup.simulators.amazon.control import state as amazon_state
from trueup.storage.database import Database
from trueup.workflows.world import Pace

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
# What goes round does so rarely here, so that what is counted is the path of the order.
PACE = Pace(
    poll=timedelta(hours=3), back_fill=timedelta(hours=3), products=timedelta(days=30), watch=timedelta(days=30)
)
PARTS = 2
"""Each journey's matrix is split so that test processes share it."""


@dataclass(frozen=True)
class Journey:
    """A scenario: what Amazon does first, after how many hours it does something more, and when the story ends."""

    name: str
    begin: Callable[[Installation], str]
    first_hours: int
    later: Callable[[Installation, str], None] | None = None
    later_hours: int = 0


def _ordinary(here: Installation) -> str:
    return here.order(line(LAMP, 4), line(CHAIR, 2))


def _short_and_held(here: Installation) -> str:
    return here.order(line(LAMP, 30), line(CHAIR, 1, cost="99.00"))


def _fewer(here: Installation, number: str) -> None:
    here.amazon.change_order(number, {"lines": [{"itemSequenceNumber": "1", "amount": 2}]})


def _cancelled(here: Installation, number: str) -> None:
    here.amazon.change_order(number, {"cancel": True})


JOURNEYS = (
    Journey("ordinary, then fewer", _ordinary, 4, _fewer, 4),
    Journey("ordinary, then cancelled", _ordinary, 4, _cancelled, 4),
    Journey("short and held until the deadline", _short_and_held, 24),
)


def travel(journey: Journey, database: Database, fate: Fate) -> dict[str, Any]:
    """The journey, killed where `fate` says so and resumed each time; how it ended."""
    with install(database, ManualClock(START), pace=PACE) as here:
        here.pass_time(timedelta(minutes=1))
        count_commits(here)
        here.engine.fate = fate
        number = journey.begin(here)
        pass_time_over_crashes(here, timedelta(hours=journey.first_hours))
        if journey.later is not None:
            journey.later(here, number)
            pass_time_over_crashes(here, timedelta(hours=journey.later_hours))
        here.engine.fate = alive
        return _end(here, number)


def _end(here: Installation, number: str) -> dict[str, Any]:
    """All that must be the same: what each system holds, what we say of it, and what is open."""
    shown = here.shown(number)
    sold = here.shop_orders(number)
    return {
        "standing": shown["standing"],
        "revision": shown["revision"],
        "lines": [(row["decision"], row["reserved_eaches"], row["claimed"]) for row in _plain(shown["lines"])],
        "amazon": here.held_by_amazon(number),
        "shop": here.sold_eaches(number),
        "shop_orders": len(sold),
        "levels": {sku: here.level(sku) for sku in ("LAMP-1", "CHAIR-1")},
        "cases": here.case_kinds(number),
        "deliveries": [(row["revision"], row["state"]) for row in shown["deliveries"]],
        "applied": _applied(here, number),
    }


def _plain(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for row in lines:
        for part in (row["decision"] or {}).get("parts", ()):
            part.pop("ship_on")
        (row["decision"] or {}).pop("why", None)
    return lines


def _applied(here: Installation, number: str) -> int:
    """How many acknowledgements Amazon took in and applied."""
    return sum(1 for each in amazon_state(here.amazon, [number])["transactions"] if each["settled_at"])


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.name)
def test_a_crash_at_any_effect_changes_nothing(journey: Journey, part: int, new_database: NewDatabase) -> None:
    """Same end, one shop order, no acknowledgement applied twice, wherever the worker died."""

    def live(fate: Fate) -> dict[str, Any]:
        with new_database() as database:
            return travel(journey, database, fate)

    kill_everywhere(live, part=part, parts=PARTS)
