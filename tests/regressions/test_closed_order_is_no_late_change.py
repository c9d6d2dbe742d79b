"""An order that ends well, days after it was answered."""

from __future__ import annotations

from datetime import timedelta

from tests.workflows.installation import LAMP, install, line
from tests.workflows.scenes import CALM, HOUR, rows
from trueup.base.clock import ManualClock
from trueup.storage.database import Database
from trueup.workflows.taking_in import start_answering


def test_looking_again_at_an_answered_order_after_three_days_opens_no_case(
    database: Database, clock: ManualClock
) -> None:
    """The answer is the one that stands: nobody wants to change quantities that can no longer be changed."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = here.order(line(LAMP, 4))
        here.pass_time(timedelta(days=3))
        [order] = rows(here, "SELECT id FROM trueup.orders")
        here.engine.act(start_answering, order["id"])
        here.pass_time(2 * HOUR)
        assert here.case_kinds() == []
        assert here.sends(number) == 1
