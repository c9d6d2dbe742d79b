"""The item master loses a product between the decision about its line and the shop's claim of its stock."""

from __future__ import annotations

import sqlalchemy as sa

from tests.workflows.installation import LAMP, install, line
from tests.workflows.scenes import CALM, HOUR
from trueup.base.clock import ManualClock
from trueup.storage.database import Database
from trueup.storage.products import listings


def test_what_the_shop_was_never_asked_to_hold_is_not_accepted(database: Database, clock: ManualClock) -> None:
    """Reserved in our books alone, it may be sold to anybody: the line waits, and then the fallback speaks."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.shopify.add_fault("server_error", operation="orderCreate", count=None)
        number = here.order(line(LAMP, 4))
        here.pass_time(HOUR)
        with database.transaction() as connection:
            connection.execute(sa.delete(listings))
        here.shopify.clear_faults()
        here.pass_time(2 * HOUR)
        assert here.sends(number) == 0 and here.sold_eaches(number) == {}
        here.pass_time(20 * HOUR)
        assert here.held_by_amazon(number) == [(0, 4, 0)]
