"""A shop that says it has the goods and will not claim them."""

from __future__ import annotations

from tests.workflows.installation import LAMP, install, line
from tests.workflows.scenes import CALM, HOUR
from trueup.base.clock import ManualClock
from trueup.durable.in_process import InProcessEngine
from trueup.storage.database import Database
from trueup.workflows.world import World


class _CountsRuns(InProcessEngine[World]):
    begun = 0

    def count_effect(self, label: str) -> None:
        super().count_effect(label)
        if label.endswith("step place_shop_order"):
            self.begun += 1
            assert self.begun < 200, "the shop is asked without end"


def test_a_claim_that_fails_again_and_again_is_not_tried_without_pause(database: Database, clock: ManualClock) -> None:
    """It is a case, tried ever more seldom, and the fallback speaks in time."""
    with install(database, clock, LAMP, pace=CALM, make_engine=_CountsRuns) as here:
        here.pass_time(HOUR)
        here.shopify.add_fault("claim_race", operation="orderCreate", count=None)
        number = here.order(line(LAMP, 4))
        here.pass_time(12 * HOUR)
        assert "shop.claim-failed" in here.case_kinds()
        here.pass_time(11 * HOUR)
        assert here.held_by_amazon(number) == [(0, 4, 0)]
