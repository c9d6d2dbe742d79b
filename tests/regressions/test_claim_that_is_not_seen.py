"""The shop says that it made the order and its committed stock does not rise."""

from __future__ import annotations

import pytest

from tests.workflows.installation import LAMP, install, line
from tests.workflows.scenes import CALM, HOUR, MINUTE, case, standing
from trueup.base.clock import ManualClock
from trueup.storage.database import Database
from trueup.storage.orders import note_closed


def test_what_was_not_seen_to_be_claimed_is_backordered_by_the_margin(database: Database, clock: ManualClock) -> None:
    """Nobody holds the goods: a case says so at once, nothing is accepted, and the shop's order is taken back in the end."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.shopify.add_fault("claim_lost")
        number = here.order(line(LAMP, 4))
        here.pass_time(12 * HOUR)
        assert "0 eaches committed at main, 24 claimed by us" in case(here, "shop.differs")["found"]
        assert here.sends(number) == 0
        here.pass_time(11 * HOUR)
        assert here.held_by_amazon(number) == [(0, 4, 0)] and here.sold_eaches(number) == {}


def test_goods_of_a_closed_order_that_the_shop_still_commits_stand_for_no_other(
    database: Database, clock: ManualClock
) -> None:
    """Amazon has closed it, and nobody fulfilled it in the shop: what is committed there is its, and not the new order's."""
    with install(database, clock, LAMP, pace=CALM) as here:
        closed = here.order(line(LAMP, 6))
        here.pass_time(HOUR)
        order_id = here.shown(closed)["id"]
        here.engine.act(lambda tx: note_closed(tx.connection, order_id))
        assert here.shown(closed)["state"] == "closed" and here.level(LAMP.sku)["committed"] == 36
        here.shopify.add_fault("claim_lost")
        number = here.order(line(LAMP, 4))
        here.pass_time(4 * HOUR)
        assert "36 eaches committed at main, 60 claimed by us" in case(here, "shop.differs")["found"]
        assert here.sends(number) == 0


@pytest.mark.parametrize("others", [0, 2])
def test_a_claim_that_shows_late_is_accepted_when_it_shows(database: Database, clock: ManualClock, others: int) -> None:
    """What other orders claim in between, or shipped before, does not stand for it."""
    with install(database, clock, LAMP, pace=CALM) as here:
        shipped = here.order(line(LAMP, 6))
        here.pass_time(HOUR)
        here.shopify.fulfil_by_hand(here.shop_orders(shipped)[0]["name"])
        here.pass_time(HOUR)
        here.shopify.add_fault("claim_lost", seconds=4 * 3600)
        number = here.order(line(LAMP, 2))
        here.pass_time(HOUR)
        later = [here.order(line(LAMP, 2)) for _ in range(others)]
        here.pass_time(2 * HOUR)
        assert here.sends(number) == 0 and [standing(here, each) for each in later] == ["accepted"] * others
        here.pass_time(3 * HOUR)
        assert standing(here, number) == "accepted" and here.held_by_amazon(number) == [(2, 0, 0)]
        here.pass_time(30 * MINUTE)
        assert here.case_kinds() == [] and here.sends(number) == 1
