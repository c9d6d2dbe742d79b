"""The program dies as Amazon takes an answer, and comes back an hour later."""

from __future__ import annotations

import pytest

from tests.workflows.installation import LAMP, install, line
from tests.workflows.scenes import CALM, HOUR, standing
from trueup.base.clock import ManualClock
from trueup.durable.in_process import Crashed
from trueup.storage.database import Database


def test_an_answer_that_amazon_took_before_the_crash_is_recognised_and_not_sent_again(
    database: Database, clock: ManualClock
) -> None:
    """When it was sent is when the send began, not when we could write that down."""
    with install(database, clock, LAMP, pace=CALM) as here:
        submits = 0

        def after_submitting(name: str) -> bool:
            nonlocal submits
            if "acknowledgements" not in name:
                return False
            submits += 1
            return submits == 2

        here.engine.fate = after_submitting
        number = here.order(line(LAMP, 4))
        with pytest.raises(Crashed):
            here.pass_time(HOUR)
        assert here.sends(number) == 1
        clock.move_to(clock.now() + HOUR)
        here.engine.resume()
        here.pass_time(2 * HOUR)
        assert (standing(here, number), here.sends(number)) == ("accepted", 1)
