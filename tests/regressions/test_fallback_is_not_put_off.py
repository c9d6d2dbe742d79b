"""The shop is down when an order is first seen shortly before its answer is due."""

from __future__ import annotations

from datetime import timedelta

from tests.workflows.installation import LAMP, install, line
from tests.workflows.scenes import CALM
from trueup.base.clock import ManualClock, write_instant
from trueup.storage.database import Database


def test_trying_again_does_not_put_off_the_fallback(database: Database, clock: ManualClock) -> None:
    """Each try looked at the order anew; the last call stays where it was set."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.shopify.add_fault("server_error", operation="nodes", count=None)
        number = here.order(line(LAMP, 4), purchaseOrderDate=write_instant(clock.now() - timedelta(hours=22.5)))
        here.pass_time(timedelta(hours=1.5))
        assert here.held_by_amazon(number) == [(0, 4, 0)]
