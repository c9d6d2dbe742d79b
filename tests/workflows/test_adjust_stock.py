"""Adjusting stock by hand: of what lies there now, by two above the limit, one of two at once, taken back; and the shop follows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.workflows.channels import KEEPER, VASE, Channel, selling
from tests.workflows.installation import LOCATION
from trueup.base.clock import ManualClock
from trueup.base.errors import Conflict, Invalid, Refused
from trueup.base.money import Money
from trueup.domain.cases import Role
from trueup.storage.database import Database
from trueup.workflows.adjust_stock import Adjusted, Adjustment, Made, adjust_stock, undo_adjustment
from trueup.workflows.approve_proposal import approve_proposal
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Pace

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
ELKE, AUDE = Person("Elke", frozenset({Role.ECOMMERCE})), Person("Aude", frozenset({Role.AUDITOR}))
MINUTE = 60
LIMIT = Money.of("50.00", "USD")


def adjusted(shop: Channel, **meant: object) -> Adjusted:
    """Elke says so; vases cost 10.00 each, and above 50.00 it takes two."""
    wanted = Adjustment("VASE-1", LOCATION, "recount", **meant)  # type: ignore[arg-type]
    done = shop.here.engine.act(adjust_stock, wanted, ELKE, LIMIT)
    shop.pass_time(5 * MINUTE)
    return done


def undone(shop: Channel, done: Adjusted, person: Person = ELKE) -> Adjusted:
    """It is taken back."""
    back = shop.here.engine.act(undo_adjustment, Made(done.sku, done.location, done.at), person, LIMIT)
    shop.pass_time(5 * MINUTE)
    return back


def test_a_change_is_of_what_lies_there_now_and_is_taken_back(database: Database) -> None:
    """Two of twelve have left since the count: one more is eleven, not thirteen; taken back, less what left meanwhile."""
    pace = Pace(poll=timedelta(days=9), products=timedelta(days=9), watch=timedelta(days=9), sales=timedelta(minutes=1))
    with selling(database, ManualClock(START), VASE, pace=pace) as shop:
        shop.count(VASE_1=12)
        shop.pass_time(5 * MINUTE)
        shop.here.shopify.fulfil_by_hand(shop.here.shopify.sell("VASE-1", 2).name)
        shop.pass_time(5 * MINUTE)
        done = adjusted(shop, change=1)
        assert (done.before, done.on_hand, str(done.value), shop.on_hand("VASE-1")) == (10, 11, "10.00 USD", 11)
        shop.here.shopify.fulfil_by_hand(shop.here.shopify.sell("VASE-1", 3).name)
        shop.pass_time(5 * MINUTE)
        back = undone(shop, done)
        assert (back.before, back.on_hand, shop.on_hand("VASE-1")) == (8, 7, 7)
        with pytest.raises(Conflict, match="was counted since"):
            undone(shop, done)
        again = undone(shop, back)
        assert (again.on_hand, shop.on_hand("VASE-1")) == (8, 8), "taking back is taken back too"
        with pytest.raises(Refused, match=r"stock\.declare"):
            undone(shop, again, AUDE)
        query = "SELECT after ->> 'reason' FROM trueup.acts WHERE act = 'stock.adjusted' ORDER BY id"
        told = [row[0] for row in shop.rows(query)]
        assert told == ["recount", "takes back: recount", "takes back: takes back: recount"]


def test_above_the_limit_two_decide_and_of_two_at_once_one(database: Database) -> None:
    """Nothing changes until another person approves; a count in between stands, and the proposal is refused."""
    with selling(database, ManualClock(START), VASE) as shop:
        first = adjusted(shop, on_hand=5, seen="")
        assert first.proposal is None and shop.on_hand("VASE-1") == 5
        with pytest.raises(Conflict, match="was counted meanwhile"):
            adjusted(shop, on_hand=6, seen="")
        with pytest.raises(Refused, match="never counted before"):
            undone(shop, first)
        waiting = adjusted(shop, change=6)
        assert waiting.proposal is not None and shop.on_hand("VASE-1") == 5
        with pytest.raises(Refused, match="a second person must approve"):
            shop.here.engine.act(approve_proposal, waiting.proposal, ELKE)
        assert shop.here.engine.act(approve_proposal, waiting.proposal, KEEPER).words.endswith("5 → 11 on hand")
        shop.pass_time(5 * MINUTE)
        assert shop.on_hand("VASE-1") == 11
        shop.pass_time(24 * 60 * MINUTE)
        late = adjusted(shop, change=-7).proposal
        assert late is not None
        adjusted(shop, change=-1)
        with pytest.raises(Conflict, match="was counted meanwhile"):
            shop.here.engine.act(approve_proposal, late, KEEPER)
        assert shop.on_hand("VASE-1") == 10
        for wrong in ({"change": -11}, {"on_hand": -1}, {"change": 1, "on_hand": 1}, {}):
            with pytest.raises(Invalid):
                adjusted(shop, **wrong)
