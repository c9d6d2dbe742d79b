"""A person answers an order in Amazon's portal while it waits here."""

from __future__ import annotations

import json
from typing import Any

from tests.workflows.installation import LAMP, PARTNER, VENDOR, Installation, install, line
from tests.workflows.scenes import CALM, DAY, HOUR, case
from trueup.base.clock import ManualClock, write_instant
from trueup.domain.cases import Resolution
from trueup.storage.database import Database


def answer_by_hand(here: Installation, number: str, accepted: int) -> None:
    """What Amazon's portal does with a person's answer."""
    quantity = {"amount": accepted, "unitOfMeasure": "Cases", "unitSize": 6}
    item: dict[str, Any] = {
        "itemSequenceNumber": "1",
        "orderedQuantity": quantity,
        "netCost": {"amount": "10.40", "currencyCode": "USD"},
        "itemAcknowledgements": [{"acknowledgementCode": "Accepted", "acknowledgedQuantity": quantity}],
    }
    said = {
        "purchaseOrderNumber": number,
        "sellingParty": {"partyId": VENDOR},
        "acknowledgementDate": write_instant(here.clock.now()),
        "items": [item],
    }
    sink = here.world.connections.acknowledgement_sinks[PARTNER]
    sink.send_acknowledgement(json.dumps({"acknowledgements": [said]}).encode(), "by hand")


def test_the_fallback_does_not_override_it(database: Database, clock: ManualClock) -> None:
    """Both answers are in a case, and Amazon keeps the person's, whatever becomes ready here meanwhile."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = here.order(line(LAMP, 4, cost="10.40"))
        here.pass_time(10 * HOUR)
        answer_by_hand(here, number, 4)
        here.pass_time(13 * HOUR)
        found = case(here, "acknowledgement.elsewhere")
        assert "4 accepted and 0 rejected" in found["found"] and "10.40" in found["expected"]
        assert here.held_by_amazon(number) == [(4, 0, 0)] and here.sends(number) == 1
        here.resolve("acknowledgement.elsewhere", Resolution.DISMISS)
        here.resolve("held.cost-differs", Resolution.BACKORDER)
        here.pass_time(DAY)
        assert here.held_by_amazon(number) == [(4, 0, 0)] and here.sends(number) == 1


def test_a_person_may_have_ours_sent_over_it(database: Database, clock: ManualClock) -> None:
    """The retry of that case says so, once the line is decided."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = here.order(line(LAMP, 4, cost="10.40"))
        here.pass_time(10 * HOUR)
        answer_by_hand(here, number, 4)
        here.pass_time(13 * HOUR)
        here.resolve("held.cost-differs", Resolution.BACKORDER)
        here.pass_time(HOUR / 4)
        assert here.sends(number) == 1
        here.resolve("acknowledgement.elsewhere", Resolution.RETRY)
        here.pass_time(HOUR)
        assert here.held_by_amazon(number) == [(0, 4, 0)] and here.sends(number) == 2
