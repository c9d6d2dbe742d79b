"""A run fails with a defect while Amazon changes its order."""

from __future__ import annotations

import sqlalchemy as sa

from tests.workflows.installation import LAMP, install, line
from tests.workflows.scenes import CALM, HOUR, standing
from trueup.base.clock import ManualClock
from trueup.storage import order_runs, orders
from trueup.storage.database import Database
from trueup.workflows.watch import note_defect


def test_the_revision_that_waited_for_a_run_that_failed_is_answered(database: Database, clock: ManualClock) -> None:
    """It had left word with that run, and ended: somebody must come back for it."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = here.order(line(LAMP, 4))
        here.pass_time(HOUR)
        with database.transaction() as connection:
            order_id = connection.execute(sa.select(orders.orders.c.id)).scalar_one()
            order_runs.take_lease(connection, order_id, "acknowledge:1:77")
        here.amazon.change_order(number, {"lines": [{"itemSequenceNumber": "1", "amount": 2}]})
        here.pass_time(2 * HOUR)
        assert here.held_by_amazon(number) != [(2, 0, 0)]
        with database.transaction() as connection:
            note_defect(connection, clock.now(), "acknowledge:1:77", "acknowledge_order", "KeyError: 1")
        here.pass_time(HOUR)
        assert standing(here, number) == "accepted"
        assert here.held_by_amazon(number) == [(2, 0, 0)]
