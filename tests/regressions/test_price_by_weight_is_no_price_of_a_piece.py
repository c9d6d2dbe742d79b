"""Amazon writes the agreed number, and beside it that it is for a kilogram."""

from __future__ import annotations

import pytest

from tests.workflows.installation import LAMP, install, line
from tests.workflows.scenes import CALM, HOUR, case
from trueup.base.clock import ManualClock
from trueup.base.errors import Refused
from trueup.domain.cases import Resolution
from trueup.storage.database import Database

BY_WEIGHT = {"amount": "10.00", "currencyCode": "USD", "unitOfMeasure": "KILOGRAMS"}


def test_it_is_held_though_the_number_is_the_agreed_one(database: Database, clock: ManualClock) -> None:
    """One case with both prices and what the pieces are worth by agreement; nobody can accept it as ordered here."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = here.order(line(LAMP, 4, netCost=BY_WEIGHT))
        here.pass_time(2 * HOUR)
        assert here.case_kinds() == ["held.priced-by-weight"] and here.sold_eaches(number) == {}
        found = case(here, "held.priced-by-weight")
        assert "per kilograms" in found["found"] and found["money_at_risk"] == "240.00 USD"
        with pytest.raises(Refused):
            here.resolve("held.priced-by-weight", Resolution.ACCEPT_AS_ORDERED)
        here.resolve("held.priced-by-weight", Resolution.BACKORDER)
        here.pass_time(HOUR)
        assert here.held_by_amazon(number) == [(0, 4, 0)] and here.case_kinds() == []
