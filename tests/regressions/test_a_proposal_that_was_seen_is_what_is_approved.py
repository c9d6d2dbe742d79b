"""Who proposed otherwise overwrote what waited, under its number: a second person who had looked at the earlier one approved by one
button what nobody had shown them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.workflows.channels import KEEPER, VASE, Channel, selling
from tests.workflows.installation import LOCATION
from trueup.base.clock import ManualClock
from trueup.base.errors import Conflict
from trueup.base.money import Money
from trueup.domain.cases import Role
from trueup.storage.database import Database
from trueup.storage.views.acts import list_proposals
from trueup.workflows.adjust_stock import Adjustment, adjust_stock
from trueup.workflows.approve_proposal import approve_proposal
from trueup.workflows.resolve_case import Person

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
ELKE, OTTO = Person("Elke", frozenset({Role.ECOMMERCE})), Person("Otto", frozenset({Role.OPERATIONS}))
LIMIT = Money.of("10.00", "USD")


def proposed(shop: Channel, change: int, by: Person = ELKE) -> int:
    """So many vases more, which takes two."""
    wanted = Adjustment("VASE-1", LOCATION, "recount", change=change)
    number = shop.here.engine.act(adjust_stock, wanted, by, LIMIT).proposal
    assert number is not None
    shop.pass_time(60)
    return number


def test_what_is_proposed_otherwise_is_another_proposal(database: Database) -> None:
    """It has its own number; the earlier one says by whom and which it was replaced, also over several, and decides nothing."""
    with selling(database, ManualClock(START), VASE) as shop:
        shop.count(VASE_1=12)
        first, second, third = proposed(shop, 4), proposed(shop, 40), proposed(shop, 41, OTTO)
        assert len({first, second, third}) == 3 and proposed(shop, 41, OTTO) == third, "said again, it waits as it is"
        for seen, by in ((first, "Elke at 2026-11-23T09:01:.*Z"), (second, "Otto at 2026-11-23T09:02:.*Z")):
            with pytest.raises(Conflict, match=f"replaced by {by}, and nothing was changed: look at proposal {third}"):
                shop.here.engine.act(approve_proposal, seen, KEEPER)
        assert shop.on_hand("VASE-1") == 12
        with shop.here.database.transaction() as connection:
            [waiting] = list_proposals(connection)
        assert (waiting["id"], waiting["proposed_by"]) == (third, "Otto")
        shop.here.engine.act(approve_proposal, third, KEEPER)
        shop.pass_time(300)
        assert shop.on_hand("VASE-1") == 53
        told = shop.rows("SELECT actor, subject, after FROM trueup.acts WHERE act = 'proposal.replaced' ORDER BY id")
        assert [tuple(each) for each in told] == [
            ("Elke", f"proposal {first}", {"proposal": second}),
            ("Otto", f"proposal {second}", {"proposal": third}),
        ]
