"""An order that is first seen shortly before its answer is due."""

from __future__ import annotations

from datetime import timedelta

from tests.workflows.installation import LAMP, install, line
from tests.workflows.scenes import CALM, HOUR, standing
from trueup.base.clock import ManualClock, write_instant
from trueup.simulators.amazon import FaultKind
from trueup.storage.database import Database


def test_an_acceptance_is_given_the_time_amazon_takes_before_it_is_taken_back(
    database: Database, clock: ManualClock
) -> None:
    """Twenty minutes are usual: a sale must not be lost to our own haste while the deadline is an hour away."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.amazon.add_fault({"kind": FaultKind.APPLIED_LATE.value, "seconds": 1200})
        number = here.order(line(LAMP, 4), purchaseOrderDate=write_instant(clock.now() - timedelta(hours=22.5)))
        here.pass_time(3 * HOUR)
        assert here.held_by_amazon(number) == [(4, 0, 0)]
        assert (standing(here, number), here.sends(number)) == ("accepted", 1)
