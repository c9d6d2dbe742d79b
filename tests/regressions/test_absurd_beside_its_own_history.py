"""One product is ordered by the dozen, another by the thousand."""

from __future__ import annotations

from tests.workflows.installation import CHAIR, LAMP, install, line
from tests.workflows.scenes import CALM, HOUR, case, scarce
from trueup.base.clock import ManualClock
from trueup.storage.database import Database


def test_a_quantity_is_judged_by_the_product_s_own_lines(database: Database, clock: ManualClock) -> None:
    """Six lamps were the most ever: 66 are held, though 80 chairs were ordered before by the same vendor code."""
    chairs, lamps = scarce(CHAIR, 1000), scarce(LAMP, 1000)
    with install(database, clock, chairs, lamps, pace=CALM) as here:
        here.order(line(chairs, 20), line(lamps, 1))
        here.pass_time(HOUR)
        here.order(line(lamps, 11))
        here.pass_time(HOUR)
        assert here.case_kinds() == ["held.quantity-absurd"]
        assert case(here, "held.quantity-absurd")["expected"].startswith("at most 60 eaches")
