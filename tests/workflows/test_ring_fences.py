"""Ring-fences in the path of an order: what is kept for the circular programme is not promised, and a person sees both claims."""

from __future__ import annotations

from datetime import timedelta

from tests.workflows.installation import LAMP, SHOP, Goods, install, line, with_terms
from trueup.base.clock import ManualClock
from trueup.base.money import Money
from trueup.domain.ring_fences import Fence, Share
from trueup.storage.database import Database
from trueup.workflows.explain_stock import explain_stock
from trueup.workflows.promises import load_promises, shop_channel, wholesale_channel

RE = Goods("RE-1", "B000000009", case_size=1, circular=True)


def test_an_order_takes_no_more_than_the_fence_leaves(database: Database, clock: ManualClock) -> None:
    """100 lamps, 40 kept for rental, wholesale up to half: 50 are accepted; the case names both claims and their money."""
    fence = Fence(
        ("LAMP-*",),
        wholesale_most=Share(units=50),
        circular_keeps=Share(units=40),
        circular_worth=Money.of("45.00", "USD"),
    )
    terms = with_terms(fences=(fence,), sells_by_pack=False)
    with install(database, clock, LAMP, RE, agreement=terms) as here:
        here.pass_time(timedelta(minutes=5))
        assert "stock.uncounted" in here.case_kinds(), "wholesale sells RE-1, and nobody counts its new stock"
        number = here.order(line(LAMP, 60, unit="Eaches"))
        here.pass_time(timedelta(hours=2))
        assert here.held_by_amazon(number) == [(50, 10, 0)]
        [case] = [each for each in here.open_cases() if each["kind"] == "stock.fenced"]
        assert "10 eaches more for the order, worth 100.00 USD to this order" in case["expected"]
        assert "50 eaches kept by the agreement or a rental, worth 450.00 USD there" in case["found"]
        with database.transaction() as connection:
            now = clock.now()
            wholesale = load_promises(connection, wholesale_channel(here.world, terms, now), ["LAMP-1"], now)["LAMP-1"]
            shop = load_promises(connection, shop_channel(here.world, SHOP, "main", now), ["LAMP-1"], now)["LAMP-1"]
            shown = explain_stock(connection, here.world, "RE-1", now)
        assert (wholesale.eaches, shop.eaches) == (0, 10), "wholesale has its 50, rental keeps 40, the shop may sell 10"
        assert shown["counted_by"] == "unknown" and "Supercycle took it over" in shown["rule"]
