"""The shop refuses what will be refused again: a line added at a cost above the product's price there."""

from __future__ import annotations

from datetime import timedelta

from tests.workflows.crashing import recording
from tests.workflows.installation import LAMP, Goods, install, line
from tests.workflows.scenes import CALM, HOUR, case
from trueup.base.clock import ManualClock
from trueup.domain.cases import Resolution, Role
from trueup.storage.database import Database
from trueup.workflows.resolve_case import Person, resolve_case

SOFA = Goods("SOFA-1", "B000000009", case_size=1, cost="90.00")
"""The shop asks 40.00 for everything."""


def test_a_refusal_is_tried_for_hours_and_then_left_to_its_case(database: Database, clock: ManualClock) -> None:
    """Not every half hour for ever; a person's retry begins anew."""
    with install(database, clock, LAMP, SOFA, pace=CALM) as here:
        number = here.order(line(LAMP, 4))
        here.pass_time(2 * HOUR)
        names: list[str] = []
        here.engine.fate = recording(names)
        here.amazon.change_order(number, {"add": [{**line(SOFA, 2), "itemSequenceNumber": "2"}]})
        here.pass_time(8 * HOUR)
        found = case(here, "shop.refused")
        assert "price" in found["found"] and found["owner"] == "e-commerce"
        tried = _attempts(names)
        assert 3 <= tried <= 30
        here.pass_time(6 * HOUR)
        assert _attempts(names) == tried
        shopkeeper = Person("Erik", frozenset({Role.ECOMMERCE}))
        here.engine.act(resolve_case, found["id"], Resolution.RETRY, shopkeeper, "is it still so?")
        here.pass_time(timedelta(minutes=50))
        assert _attempts(names) > tried + 1 and case(here, "shop.refused")["id"] != found["id"]
        here.pass_time(12 * HOUR)
        assert here.held_by_amazon(number)[1] == (0, 2, 0)


def _attempts(names: list[str]) -> int:
    return sum(name.endswith(", step place_shop_order") for name in names)
