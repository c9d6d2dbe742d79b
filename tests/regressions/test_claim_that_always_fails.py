"""A shop that says it has the goods and will not claim them."""

from __future__ import annotations

from tests.workflows.crashing import recording
from tests.workflows.installation import LOCATION, NO_EVIDENCE, Goods, install, line
from tests.workflows.scenes import CALM, HOUR
from trueup.base.clock import ManualClock
from trueup.storage.database import Database
from trueup.storage.stock import declare_count

SET = Goods("SET-1", "B000000003", stock=0, declared_source="warehouse")


def test_a_claim_that_fails_again_and_again_is_not_tried_without_pause(database: Database, clock: ManualClock) -> None:
    """It is a case, tried ever more seldom, and the fallback speaks in time.

    Counts are not written into this shop, as is the default: it knows nothing of the goods that the warehouse counted.
    """
    with install(database, clock, SET, pace=CALM) as here:
        names: list[str] = []
        here.engine.fate = recording(names)
        here.world.connections.stock_sinks.clear()
        here.pass_time(HOUR)
        with database.transaction() as connection:
            declare_count(connection, [("SET-1", LOCATION, 100)], NO_EVIDENCE, clock.now())
        number = here.order(line(SET, 4))
        here.pass_time(12 * HOUR)
        assert "shop.claim-failed" in here.case_kinds()
        here.pass_time(11 * HOUR)
        assert here.held_by_amazon(number) == [(0, 4, 0)]
        placings = sum(name.endswith(", step place_shop_order") for name in names)
        assert 1 < placings < 200, "the shop is asked without end"
