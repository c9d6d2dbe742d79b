"""Amazon moves the delivery window of an order that was accepted."""

from __future__ import annotations

import json
from datetime import timedelta

from tests.workflows.installation import LAMP, install, line
from tests.workflows.scenes import CALM, HOUR, kept, standing
from trueup.base.clock import ManualClock, write_instant
from trueup.storage.database import Database


def test_the_new_answer_promises_a_day_of_the_new_window(database: Database, clock: ManualClock) -> None:
    """The quantities stand; the day that was promised is no longer asked for."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = here.order(line(LAMP, 4))
        here.pass_time(HOUR)
        start, end = clock.now() + timedelta(days=20), clock.now() + timedelta(days=25)
        here.amazon.change_order(number, {"deliveryWindow": f"{write_instant(start)}--{write_instant(end)}"})
        here.pass_time(2 * HOUR)
        body = json.loads(kept(here, "acknowledgement")[-1])["acknowledgements"][0]
        assert body["items"][0]["itemAcknowledgements"][0]["scheduledDeliveryDate"] == write_instant(end)
        assert standing(here, number) == "accepted" and here.sold_eaches(number) == {"LAMP-1": 24}
