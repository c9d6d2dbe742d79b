"""The shop is down when an answer falls due."""

from __future__ import annotations

from tests.workflows.installation import LAMP, install, line
from tests.workflows.scenes import CALM, HOUR
from trueup.base.clock import ManualClock
from trueup.storage.database import Database


def test_the_fallback_goes_out_in_time_though_the_shops_order_cannot_be_changed(
    database: Database, clock: ManualClock
) -> None:
    """Amazon halves an order that the shop holds already; backordering it needs nothing of the shop."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = here.order(line(LAMP, 4))
        here.pass_time(HOUR)
        here.shopify.add_fault("server_error", count=None)
        here.amazon.change_order(number, {"lines": [{"itemSequenceNumber": "1", "amount": 2}]})
        here.pass_time(23 * HOUR)
        assert here.held_by_amazon(number) == [(0, 2, 0)]
        here.shopify.clear_faults()
        here.pass_time(2 * HOUR)
        assert here.sold_eaches(number) == {} and here.level("LAMP-1")["committed"] == 0
