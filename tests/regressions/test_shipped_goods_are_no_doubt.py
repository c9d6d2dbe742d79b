"""An earlier order of the same product has shipped."""

from __future__ import annotations

from tests.workflows.installation import LAMP, install, line
from tests.workflows.scenes import CALM, HOUR, standing
from trueup.base.clock import ManualClock
from trueup.storage.database import Database


def test_what_has_left_the_house_is_not_missed_in_committed_stock(database: Database, clock: ManualClock) -> None:
    """Shipping takes goods out of what the shop has committed: that makes no later claim doubtful."""
    with install(database, clock, LAMP, pace=CALM) as here:
        first = here.order(line(LAMP, 4))
        here.pass_time(HOUR)
        here.shopify.fulfil_by_hand(here.shop_orders(first)[0]["name"])
        second = here.order(line(LAMP, 2))
        here.pass_time(2 * HOUR)
        assert standing(here, second) == "accepted"
        assert here.case_kinds() == []
