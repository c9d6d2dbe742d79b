"""A person decides about a line that was rejected at Amazon already."""

from __future__ import annotations

import pytest

from tests.workflows.installation import LAMP, install, line, with_terms
from tests.workflows.scenes import CALM, HOUR, case
from trueup.base.clock import ManualClock
from trueup.base.errors import Refused
from trueup.domain.cases import Resolution
from trueup.domain.partners import Shortfall
from trueup.storage.database import Database


@pytest.mark.parametrize("wish", [Resolution.BACKORDER, Resolution.ACCEPT_AS_ORDERED])
def test_a_decision_that_amazon_would_ignore_is_refused_with_the_reason(
    database: Database, clock: ManualClock, wish: Resolution
) -> None:
    """Rejected is for ever: the case stays open, and rejecting again or dismissing are all that is left."""
    with install(database, clock, LAMP, agreement=with_terms(shortfall=Shortfall.REJECT), pace=CALM) as here:
        here.shopify.sell("LAMP-1", 100)
        number = here.order(line(LAMP, 4))
        here.pass_time(2 * HOUR)
        assert here.held_by_amazon(number) == [(0, 0, 4)]
        here.amazon.change_order(number, {"lines": [{"itemSequenceNumber": "1", "netCost": "12.00"}]})
        here.pass_time(2 * HOUR)
        with pytest.raises(Refused, match="never reopens what was rejected"):
            here.resolve("held.cost-differs", wish)
        assert case(here, "held.cost-differs")["state"] == "open"
        here.resolve("held.cost-differs", Resolution.REJECT)
        here.pass_time(2 * HOUR)
        assert here.held_by_amazon(number) == [(0, 0, 4)] and "held.cost-differs" not in here.case_kinds()


def test_of_a_line_rejected_in_part_the_rest_alone_is_backordered(database: Database, clock: ManualClock) -> None:
    """Three were there and two were rejected: a person's backorder is of the three."""
    with install(database, clock, LAMP, agreement=with_terms(shortfall=Shortfall.REJECT), pace=CALM) as here:
        here.shopify.sell("LAMP-1", 80)
        number = here.order(line(LAMP, 5))
        here.pass_time(2 * HOUR)
        assert here.held_by_amazon(number) == [(3, 0, 2)]
        here.amazon.change_order(number, {"lines": [{"itemSequenceNumber": "1", "netCost": "12.00"}]})
        here.pass_time(2 * HOUR)
        here.resolve("held.cost-differs", Resolution.BACKORDER)
        here.pass_time(2 * HOUR)
        assert here.held_by_amazon(number) == [(0, 3, 2)]
