"""The shop made our order, but went down before that could be read back and written down."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.workflows.installation import LAMP, install, line
from tests.workflows.scenes import CALM, HOUR
from trueup.base.clock import ManualClock
from trueup.durable.in_process import InProcessEngine
from trueup.storage.database import Database
from trueup.workflows.world import World


class _TellsOfPlacing(InProcessEngine[World]):
    placed = False

    def count_effect(self, label: str) -> None:
        super().count_effect(label)
        self.placed = self.placed or label.endswith("step place_shop_order")
        if self.placed and self.go_down is not None:
            self.go_down()
            self.go_down = None

    go_down: Callable[[], object] | None = None


def test_a_shop_order_that_was_never_read_back_is_cancelled_with_the_purchase_order(
    database: Database, clock: ManualClock
) -> None:
    """Its stock would be kept from everybody for ever."""
    with install(database, clock, LAMP, pace=CALM, make_engine=_TellsOfPlacing) as here:
        here.pass_time(HOUR)
        number = here.order(line(LAMP, 4))
        assert isinstance(here.engine, _TellsOfPlacing)
        here.engine.go_down = partial(here.shopify.add_fault, "server_error", operation="nodes", count=None)
        here.pass_time(2 * HOUR)
        assert here.level("LAMP-1")["committed"] == 24
        here.amazon.change_order(number, {"cancel": True})
        here.pass_time(2 * HOUR)
        here.shopify.clear_faults()
        here.pass_time(2 * HOUR)
        assert here.level("LAMP-1")["committed"] == 0 and here.sold_eaches(number) == {}
