"""An answer that Amazon failed, and that a person had sent again."""

from __future__ import annotations

from tests.workflows.installation import LAMP, install, line
from tests.workflows.scenes import CALM, HOUR, rows
from trueup.base.clock import ManualClock
from trueup.domain.cases import Resolution
from trueup.simulators.amazon import FaultKind
from trueup.storage.database import Database
from trueup.workflows.taking_in import start_answering


def test_an_answer_given_again_is_not_given_at_every_further_look(database: Database, clock: ManualClock) -> None:
    """The second stands under a key of its own; another run about the order finds it and sends nothing."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.amazon.add_fault({"kind": FaultKind.TRANSACTION_FAILURE.value})
        number = here.order(line(LAMP, 4))
        here.pass_time(2 * HOUR)
        here.resolve("acknowledgement.rejected", Resolution.RETRY)
        here.pass_time(HOUR)
        assert (here.held_by_amazon(number), here.sends(number)) == ([(4, 0, 0)], 2)
        [order] = rows(here, "SELECT id FROM trueup.orders")
        here.engine.act(start_answering, order["id"])
        here.pass_time(HOUR)
        assert here.sends(number) == 2
