"""Orders whose answer Amazon's own format does not allow."""

from __future__ import annotations

from tests.workflows.installation import CHAIR, LAMP, install, line
from tests.workflows.scenes import CALM, HOUR, case
from trueup.base.clock import ManualClock
from trueup.domain.cases import Resolution
from trueup.storage.database import Database


def test_a_line_without_any_price_is_a_case_before_the_deadline_and_no_defect(
    database: Database, clock: ManualClock
) -> None:
    """Amazon takes no answer without a price: a person must know in time, with the reason and the money."""
    with install(database, clock, LAMP, CHAIR, pace=CALM) as here:
        number = here.order(line(LAMP, 1, cost="0"), line(CHAIR, 1))
        here.pass_time(23 * HOUR)
        found = case(here, "acknowledgement.impossible")
        assert number in found["title"] and "price of zero" in found["found"] and found["deadline"]
        assert here.sends(number) == 0


def test_rejecting_a_negative_line_lets_the_rest_be_answered(database: Database, clock: ManualClock) -> None:
    """No answer can carry less than one piece: the line is left out, which Amazon takes for rejected."""
    with install(database, clock, LAMP, CHAIR, pace=CALM) as here:
        number = here.order(line(LAMP, -5), line(CHAIR, 1))
        here.pass_time(HOUR)
        here.resolve("held.quantity-negative", Resolution.REJECT)
        here.pass_time(HOUR)
        assert here.held_by_amazon(number)[1] == (1, 0, 0)
        assert here.case_kinds() == []
