"""Amazon sends a text with a zero byte, which JSON allows and PostgreSQL does not keep."""

from __future__ import annotations

from tests.workflows.installation import LAMP, install, line
from tests.workflows.scenes import CALM, HOUR
from trueup.base.clock import ManualClock
from trueup.storage.database import Database


def test_one_order_with_a_zero_byte_keeps_no_other_from_being_answered(database: Database, clock: ManualClock) -> None:
    """Its page is a case or it is read without the byte; polling goes on."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.order(line(LAMP, 1), dealCode="A\x00B")
        number = here.order(line(LAMP, 1))
        here.pass_time(2 * HOUR)
        assert here.held_by_amazon(number) == [(1, 0, 0)]
