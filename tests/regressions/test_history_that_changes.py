"""An order that was answered before we came is changed by Amazon."""

from __future__ import annotations

from tests.workflows.installation import LAMP, install, line
from tests.workflows.scenes import CALM, HOUR, case
from trueup.base.clock import ManualClock
from trueup.storage.database import Database


def test_a_change_to_an_order_we_did_not_answer_is_a_case_with_its_deadline(
    database: Database, clock: ManualClock
) -> None:
    """What was promised and reserved for it is unknown here, so a person answers; silence would be a miss."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = here.order(line(LAMP, 3), state="Acknowledged")
        here.pass_time(HOUR)
        assert here.case_kinds() == []
        here.amazon.change_order(number, {"lines": [{"itemSequenceNumber": "1", "amount": 2}]})
        here.pass_time(2 * HOUR)
        found = case(here, "acknowledgement.changed-elsewhere")
        assert number in found["title"] and found["deadline"]
        assert here.sends(number) == 0
