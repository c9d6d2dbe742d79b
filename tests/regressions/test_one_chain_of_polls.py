"""A worker starts while another one's poll is under way."""

from __future__ import annotations

from tests.workflows.installation import LAMP, Installation, install
from tests.workflows.scenes import CALM, HOUR, rows
from trueup.base.clock import ManualClock
from trueup.durable.in_process import InProcessEngine
from trueup.storage.database import Database
from trueup.workflows.poll_orders import ensure_polls
from trueup.workflows.sync_products import ensure_syncs
from trueup.workflows.world import World


class _MeetsAnotherWorker(InProcessEngine[World]):
    meeting = 0

    def count_effect(self, label: str) -> None:
        super().count_effect(label)
        if self.meeting and "step fetch_" in label and "checkpoint" not in label:
            self.meeting -= 1
            self.act(ensure_polls)
            self.act(ensure_syncs)


def test_rounds_are_not_doubled_by_a_worker_that_starts_in_the_middle_of_one(
    database: Database, clock: ManualClock
) -> None:
    """Each source is asked by one chain of rounds, however often workers come: budgets are shared."""
    with install(database, clock, LAMP, pace=CALM, make_engine=_MeetsAnotherWorker) as here:
        here.pass_time(HOUR)
        assert isinstance(here.engine, _MeetsAnotherWorker)
        here.engine.meeting = 4
        here.pass_time(25 * HOUR)
        assert _timed(here) == {"poll_orders": 2, "sync_products": 1}


def _timed(here: Installation) -> dict[str, int]:
    found = rows(here, "SELECT flow, count(*) AS timers FROM durable.timers GROUP BY flow")
    return {row["flow"]: row["timers"] for row in found}
