"""A worker starts while another one's poll is under way."""

from __future__ import annotations

from tests.workflows.installation import LAMP, Installation, install
from tests.workflows.scenes import CALM, HOUR, rows
from trueup.base.clock import ManualClock
from trueup.storage.database import Database
from trueup.workflows.poll_orders import ensure_polls
from trueup.workflows.sync_products import ensure_syncs


def test_rounds_are_not_doubled_by_a_worker_that_starts_in_the_middle_of_one(
    database: Database, clock: ManualClock
) -> None:
    """Each source is asked by one chain of rounds, however often workers come: budgets are shared."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.pass_time(HOUR)
        meetings = 0

        def meet_another_worker(name: str) -> bool:
            nonlocal meetings
            if meetings < 4 and ", step fetch_" in name:
                meetings += 1
                here.engine.act(ensure_polls)
                here.engine.act(ensure_syncs)
            return False

        here.engine.fate = meet_another_worker
        here.pass_time(25 * HOUR)
        assert meetings == 4
        assert _timed(here) == {"poll_orders": 2, "sync_products": 1}


def _timed(here: Installation) -> dict[str, int]:
    found = rows(here, "SELECT flow, count(*) AS timers FROM durable.timers GROUP BY flow")
    return {row["flow"]: row["timers"] for row in found}
