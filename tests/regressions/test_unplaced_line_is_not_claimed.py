"""An order of two lines of which only one can be placed in the shop."""

from __future__ import annotations

from tests.workflows.installation import CHAIR, LAMP, install, line
from tests.workflows.scenes import CALM, HOUR, rows
from trueup.base.clock import ManualClock
from trueup.domain.cases import Resolution
from trueup.storage.database import Database


def test_a_line_that_the_shop_does_not_hold_is_never_taken_for_claimed(database: Database, clock: ManualClock) -> None:
    """A line without a cost cannot be sold in the shop; its stock is not the other line's to prove."""
    with install(database, clock, LAMP, CHAIR, pace=CALM) as here:
        unpriced = line(CHAIR, 1)
        del unpriced["netCost"]
        here.shopify.add_fault("server_error", operation="orderCreate", count=None)
        number = here.order(line(LAMP, 4), unpriced)
        here.pass_time(HOUR)
        here.resolve("held.cost-differs", Resolution.ACCEPT_AS_ORDERED)
        here.shopify.clear_faults()
        here.pass_time(HOUR)
        assert here.sold_eaches(number) == {"LAMP-1": 24}
        claimed = rows(here, "SELECT sku FROM trueup.reservations WHERE claimed_eaches > 0")
        assert [row["sku"] for row in claimed] == ["LAMP-1"]
        assert here.held_by_amazon(number) == [(0, 0, 0), (0, 0, 0)]
