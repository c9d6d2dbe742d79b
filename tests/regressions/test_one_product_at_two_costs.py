"""One product on two lines of an order, at two costs."""

from __future__ import annotations

from decimal import Decimal

from tests.workflows.installation import LAMP, install, line, with_terms
from tests.workflows.scenes import CALM, HOUR, standing
from trueup.base.clock import ManualClock
from trueup.storage.database import Database


def test_both_lines_are_sold_each_at_its_cost(database: Database, clock: ManualClock) -> None:
    """The shop's order is compared line by line: the one's price is not wrong for being the other's."""
    with install(database, clock, LAMP, pace=CALM, agreement=with_terms(cost_tolerance=Decimal(1))) as here:
        number = here.order(line(LAMP, 1, cost="10.00"), line(LAMP, 2, cost="10.50"))
        here.pass_time(3 * HOUR)
        assert here.case_kinds() == []
        assert standing(here, number) == "accepted"
        assert here.held_by_amazon(number) == [(1, 0, 0), (2, 0, 0)]
