"""A line of a product nobody knows was answered by the fallback, and a person accepts it as ordered."""

from __future__ import annotations

from tests.workflows.installation import LAMP, Goods, install, line
from tests.workflows.scenes import CALM, HOUR
from trueup.base.clock import ManualClock
from trueup.domain.cases import Resolution
from trueup.storage.database import Database


def test_accepting_an_unknown_product_holds_the_line_and_breaks_nothing(database: Database, clock: ManualClock) -> None:
    """Some rules no person can lift: there is nothing to fill the line from. The order goes on being worked on."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = here.order(line(Goods("NEW-1", "B000000009"), 1), line(LAMP, 1))
        here.pass_time(23 * HOUR)
        assert here.held_by_amazon(number) == [(0, 1, 0), (1, 0, 0)]
        here.resolve("acknowledgement.fallback", Resolution.ACCEPT_AS_ORDERED)
        here.pass_time(HOUR)
        assert "held.product-unknown" in here.case_kinds()
        assert here.held_by_amazon(number) == [(0, 1, 0), (1, 0, 0)]
