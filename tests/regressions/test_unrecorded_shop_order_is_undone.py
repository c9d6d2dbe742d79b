"""The shop made our order, but went down before that could be read back and written down."""

from __future__ import annotations

from tests.workflows.installation import LAMP, install, line
from tests.workflows.scenes import CALM, HOUR
from trueup.base.clock import ManualClock
from trueup.storage.database import Database


def test_a_shop_order_that_was_never_read_back_is_cancelled_with_the_purchase_order(
    database: Database, clock: ManualClock
) -> None:
    """Its stock would be kept from everybody for ever."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.pass_time(HOUR)
        number = here.order(line(LAMP, 4))
        down = False

        def go_down(name: str) -> bool:
            nonlocal down
            if name.endswith(", step place_shop_order") and not down:
                down = True
                here.shopify.add_fault("server_error", operation="nodes", count=None)
            return False

        here.engine.fate = go_down
        here.pass_time(2 * HOUR)
        assert here.level("LAMP-1")["committed"] == 24
        here.amazon.change_order(number, {"cancel": True})
        here.pass_time(2 * HOUR)
        here.shopify.clear_faults()
        here.pass_time(2 * HOUR)
        assert here.level("LAMP-1")["committed"] == 0 and here.sold_eaches(number) == {}
