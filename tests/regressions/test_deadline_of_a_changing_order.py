"""Amazon changes an order again and again before it is answered."""

from __future__ import annotations

from datetime import timedelta

from tests.workflows.installation import CHAIR, LAMP, install, line
from tests.workflows.scenes import CALM, HOUR
from trueup.base.clock import ManualClock, write_instant
from trueup.storage.database import Database


def test_changes_of_an_unanswered_order_win_no_time(database: Database, clock: ManualClock) -> None:
    """The deadline of what was ordered first stands: the fallback speaks before it, for the order as it is then."""
    with install(database, clock, pace=CALM) as here:
        due = write_instant(clock.now() + timedelta(hours=24))
        number = here.order(line(LAMP, 4), line(CHAIR, 1, cost="26.00"))
        for amount in (5, 6, 7):
            here.pass_time(6 * HOUR)
            here.amazon.change_order(number, {"lines": [{"itemSequenceNumber": "1", "amount": amount}]})
        here.pass_time(5 * HOUR)
        assert here.shown(number)["revision"] == 4 and here.shown(number)["answer_due_at"] == due
        assert here.held_by_amazon(number) == [(7, 0, 0), (0, 1, 0)]


def test_a_change_of_an_answered_order_has_a_day_of_its_own(database: Database, clock: ManualClock) -> None:
    """What it changed is answered anew, and was not late on arrival."""
    with install(database, clock, pace=CALM) as here:
        number = here.order(line(LAMP, 4), line(CHAIR, 1))
        here.pass_time(30 * HOUR)
        changed = clock.now()
        here.amazon.change_order(number, {"lines": [{"itemSequenceNumber": "2", "netCost": "26.00"}]})
        here.pass_time(20 * HOUR)
        assert here.case_kinds() == ["held.cost-differs"] and here.sends(number) == 1
        assert here.shown(number)["answer_due_at"] == write_instant(changed + timedelta(hours=24))
