"""An order that ends well, days after it was answered."""

from __future__ import annotations

from datetime import timedelta

from tests.workflows.installation import LAMP, install, line
from tests.workflows.scenes import CALM, HOUR
from trueup.base.clock import ManualClock
from trueup.storage.database import Database


def test_an_order_received_in_full_after_three_days_opens_no_case(database: Database, clock: ManualClock) -> None:
    """The answer is the one that stands: nobody wants to change quantities that can no longer be changed."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = here.order(line(LAMP, 4))
        here.pass_time(timedelta(days=3))
        here.amazon.close_order(number)
        here.pass_time(2 * HOUR)
        assert here.case_kinds() == []
        assert here.sends(number) == 1
