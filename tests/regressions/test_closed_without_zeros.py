"""Amazon closes an order and leaves its quantities as they were."""

from __future__ import annotations

import pytest

from tests.workflows.installation import CHAIR, LAMP, install, line
from tests.workflows.scenes import CALM, DAY, HOUR, deliveries, rows
from trueup.base.clock import ManualClock
from trueup.simulators.amazon import FaultKind
from trueup.storage.database import Database


@pytest.mark.parametrize("seen_after", [0.5, 6], ids=["by a poll", "by its status alone"])
def test_what_was_never_answered_is_held_and_gives_its_stock_back(
    database: Database, clock: ManualClock, seen_after: float
) -> None:
    """One line was reserved and sold while the other waited: nobody will take either."""
    with install(database, clock, pace=CALM) as here:
        here.pass_time(HOUR / 2)
        number = here.order(line(LAMP, 4), line(CHAIR, 1, cost="26.00"))
        here.pass_time(HOUR * seen_after + HOUR / 2)
        assert here.sold_eaches(number) == {"LAMP-1": 24}
        here.amazon.close_order(number)
        here.pass_time(DAY)
        assert here.shown(number)["state"] == "closed" and here.sends(number) == 0
        assert here.case_kinds() == ["held.cost-differs", "held.order-closed", "held.order-closed"]
        assert here.sold_eaches(number) == {} and here.level("LAMP-1")["available"] == 100
        assert rows(here, "SELECT * FROM trueup.reservations") == []


def test_an_answer_that_the_closed_order_does_not_show_is_given_up(database: Database, clock: ManualClock) -> None:
    """It left and never landed: no further sends, a case, and the goods are free."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.amazon.add_fault({"kind": FaultKind.PROCESSING_FOREVER.value, "count": None})
        number = here.order(line(LAMP, 4))
        here.pass_time(CALM.poll)
        here.amazon.close_order(number)
        here.pass_time(DAY)
        assert here.sends(number) == 1 and deliveries(here, number)[-1]["state"] == "rejected"
        assert "acknowledgement.rejected" in here.case_kinds() and "held.order-closed" in here.case_kinds()
        assert here.sold_eaches(number) == {} and here.level("LAMP-1")["available"] == 100
