"""A shop that says it has the goods and will not claim them."""

from __future__ import annotations

from tests.workflows.installation import LOCATION, NO_EVIDENCE, Goods, install, line
from tests.workflows.scenes import CALM, HOUR
from trueup.base.clock import ManualClock
from trueup.durable.in_process import InProcessEngine
from trueup.storage.database import Database
from trueup.storage.stock import declare_count
from trueup.workflows.world import World

SET = Goods("SET-1", "B000000003", stock=0, declared_source="warehouse")


class _CountsRuns(InProcessEngine[World]):
    begun = 0

    def count_effect(self, label: str) -> None:
        super().count_effect(label)
        if label.endswith("step place_shop_order"):
            self.begun += 1
            assert self.begun < 200, "the shop is asked without end"


def test_a_claim_that_fails_again_and_again_is_not_tried_without_pause(database: Database, clock: ManualClock) -> None:
    """It is a case, tried ever more seldom, and the fallback speaks in time.

    Counts are not written into this shop, as is the default: it knows nothing of the goods that the warehouse counted.
    """
    with install(database, clock, SET, pace=CALM, make_engine=_CountsRuns) as here:
        here.world.connections.stock_sinks.clear()
        here.pass_time(HOUR)
        with database.transaction() as connection:
            declare_count(connection, [("SET-1", LOCATION, 100)], NO_EVIDENCE, clock.now())
        number = here.order(line(SET, 4))
        here.pass_time(12 * HOUR)
        assert "shop.claim-failed" in here.case_kinds()
        here.pass_time(11 * HOUR)
        assert here.held_by_amazon(number) == [(0, 4, 0)]
