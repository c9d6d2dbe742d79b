"""The first path end to end: an order becomes reserved stock, a shop order, and an acknowledgement proven to have landed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.workflows.installation import CHAIR, LAMP, Goods, install, line, with_terms
from trueup.base.clock import ManualClock
from trueup.domain.cases import Resolution
from trueup.domain.partners import CostBasis, Fallback
from trueup.storage.database import Database

HOUR = timedelta(hours=1)


def test_an_order_is_reserved_sold_acknowledged_and_proven(database: Database, clock: ManualClock) -> None:
    """The whole path on an ordinary order of two lines, each step exactly once."""
    with install(database, clock) as here:
        number = here.order(line(LAMP, 4), line(CHAIR, 2))
        here.pass_time(HOUR)
        shown = here.shown(number)
        assert shown["standing"] == "accepted"
        assert here.held_by_amazon(number) == [(4, 0, 0), (2, 0, 0)]
        assert here.sold_eaches(number) == {"LAMP-1": 24, "CHAIR-1": 8}
        assert (here.level("LAMP-1")["committed"], here.level("LAMP-1")["available"]) == (24, 76)
        assert here.sends(number) == 1
        assert here.case_kinds() == []
        assert all(item["claimed"] for item in shown["lines"])


def test_polling_again_changes_nothing(database: Database, clock: ManualClock) -> None:
    """Windows overlap, so every order is seen many times; it is answered once."""
    with install(database, clock) as here:
        number = here.order(line(LAMP, 1))
        here.pass_time(timedelta(hours=30))
        assert here.sends(number) == 1
        assert len(here.shop_orders(number)) == 1
        assert here.shown(number)["revision"] == 1


def test_what_is_short_is_backordered_where_amazon_allows_it_and_is_a_case(
    database: Database, clock: ManualClock
) -> None:
    """A line is split into what is there and what comes later."""
    with install(database, clock, replace(LAMP, stock=20)) as here:
        number = here.order(line(LAMP, 5))
        here.pass_time(HOUR)
        assert here.held_by_amazon(number) == [(3, 2, 0)], "three whole cases of six, two later"
        assert here.sold_eaches(number) == {"LAMP-1": 18}
        assert here.case_kinds() == ["stock.short"]
        assert here.shown(number)["standing"] == "accepted"


def test_what_is_short_and_may_not_be_backordered_is_rejected(database: Database, clock: ManualClock) -> None:
    """Amazon then orders it elsewhere; the case says what was lost."""
    with install(database, clock, replace(LAMP, stock=20)) as here:
        number = here.order(line(LAMP, 5, backorder=False))
        here.pass_time(HOUR)
        assert here.held_by_amazon(number) == [(3, 0, 2)]
        [case] = here.open_cases()
        assert (case["kind"], case["money_at_risk"]) == ("stock.short", "120.00 USD")


def test_two_orders_for_the_last_case_never_both_have_it(database: Database, clock: ManualClock) -> None:
    """Whoever is decided first has it; the other is told so, and the shop owes nobody."""
    with install(database, clock, replace(LAMP, stock=6)) as here:
        first, second = here.order(line(LAMP, 1)), here.order(line(LAMP, 1))
        here.pass_time(HOUR)
        held = sorted(here.held_by_amazon(number)[0] for number in (first, second))
        assert held == [(0, 1, 0), (1, 0, 0)]
        assert here.level("LAMP-1")["lowest_available"] == 0


def test_stock_sold_between_reading_and_claiming_is_not_promised(database: Database, clock: ManualClock) -> None:
    """The shop refuses the claim, the line is decided anew on what is left, and nothing is oversold."""
    with install(database, clock, LAMP) as here:
        here.shopify.add_fault("claim_race", operation="orderCreate", count=1)
        number = here.order(line(LAMP, 4))
        here.pass_time(HOUR)
        assert here.held_by_amazon(number) == [(0, 4, 0)]
        assert here.level("LAMP-1")["lowest_available"] >= 0
        assert here.sold_eaches(number) == {}


def test_a_case_cost_is_priced_per_each_and_its_exact_value_kept(database: Database, clock: ManualClock) -> None:
    """10.00 for a case of six is 1.67 an each in the shop, and 5/3 beside it; that is rounding, not drift."""
    terms = with_terms(cost_basis=CostBasis.CASE)
    with install(database, clock, LAMP, agreement=terms) as here:
        number = here.order(line(LAMP, 2))
        here.pass_time(HOUR)
        [sold] = here.shop_orders(number)
        assert [item["unit_price"] for item in sold["lines"]] == ["1.67"]
        exact = json.loads(next(value for name, value in sold["metafields"].items() if "cost" in name))
        assert "5/3" in json.dumps(exact)
        assert here.case_kinds() == []


HELD = {
    "held.product-unknown": lambda: [line(replace(LAMP, sku="NOBODY", asin="B0UNKNOWN0"), 1)],
    "held.case-size-differs": lambda: [line(LAMP, 2, unit_size=12)],
    "held.not-whole-packs": lambda: [line(LAMP, 13, "Eaches")],
    "held.priced-by-weight": lambda: [
        line(LAMP, 1, netCost={"amount": "10.00", "currencyCode": "USD", "unitOfMeasure": "KILOGRAMS"})
    ],
    "held.cost-differs": lambda: [line(LAMP, 1, cost="10.40")],
    "held.quantity-negative": lambda: [line(LAMP, -2)],
    "held.quantity-absurd": lambda: [line(LAMP, 900_000)],
}


@pytest.mark.parametrize("kind", HELD)
def test_a_held_line_waits_and_goes_out_by_the_fallback_before_the_deadline(
    database: Database, clock: ManualClock, kind: str
) -> None:
    """The order waits for a person; at the margin the agreement speaks, and nothing is confirmed by default."""
    with install(database, clock) as here:
        number = here.order(*HELD[kind](), line(CHAIR, 1))
        here.pass_time(timedelta(hours=20))
        assert here.case_kinds() == [kind]
        [case] = here.open_cases()
        assert case["expected"] and case["found"] and case["deadline"]
        assert here.sends(number) == 0
        assert here.sold_eaches(number) == {"CHAIR-1": 4}, "what can be filled is claimed meanwhile"
        here.pass_time(timedelta(hours=3, minutes=30))
        if kind == "held.quantity-negative":
            assert here.sends(number) == 0, "there is no answer to less than nothing"
            assert "acknowledgement.impossible" in here.case_kinds()
            return
        assert here.held_by_amazon(number)[1] == (1, 0, 0)
        assert here.held_by_amazon(number)[0][0] == 0, "never accepted by default"
        assert here.shown(number)["standing"] == "accepted"


@pytest.mark.parametrize(
    ("goods", "found"),
    [(replace(LAMP, tracked=False), "not tracked"), (replace(LAMP, circular=True), "Supercycle")],
)
def test_a_product_that_nobody_counts_is_held(database: Database, clock: ManualClock, goods: Goods, found: str) -> None:
    """Untracked in the shop, or taken over by Supercycle: availability would be a guess."""
    with install(database, clock, goods) as here:
        here.order(line(goods, 1))
        here.pass_time(HOUR)
        [case] = [case for case in here.open_cases() if case["kind"].startswith("held.")]
        assert case["kind"] == "held.stock-uncounted" and found in case["found"]


def test_a_person_lifts_a_hold_and_the_order_goes_on_at_once(database: Database, clock: ManualClock) -> None:
    """Accepting the ordered cost fills the line from stock, under that person's name."""
    with install(database, clock) as here:
        number = here.order(line(LAMP, 1, cost="10.40"), line(CHAIR, 1))
        here.pass_time(HOUR)
        here.resolve("held.cost-differs", Resolution.ACCEPT_AS_ORDERED)
        here.pass_time(HOUR)
        assert here.held_by_amazon(number) == [(1, 0, 0), (1, 0, 0)]
        assert here.sold_eaches(number) == {"LAMP-1": 6, "CHAIR-1": 4}
        assert here.case_kinds() == []
        [sold] = [item for order in here.shop_orders(number) for item in order["lines"] if item["sku"] == "LAMP-1"]
        assert float(sold["unit_price"]) - float(sold["unit_discount"]) == pytest.approx(10.40)


def test_a_person_rejects_a_held_line(database: Database, clock: ManualClock) -> None:
    """And the rest of the order is accepted."""
    with install(database, clock) as here:
        number = here.order(line(LAMP, 1, cost="10.40"), line(CHAIR, 1))
        here.pass_time(HOUR)
        here.resolve("held.cost-differs", Resolution.REJECT)
        here.pass_time(HOUR)
        assert here.held_by_amazon(number) == [(0, 0, 1), (1, 0, 0)]


def test_where_nothing_may_be_said_a_case_says_why_before_the_deadline(database: Database, clock: ManualClock) -> None:
    """No backorder allowed, and no agreement that rejects: the order waits, and someone knows."""
    with install(database, clock) as here:
        number = here.order(line(LAMP, 1, cost="10.40", backorder=False))
        here.pass_time(timedelta(hours=23))
        assert here.sends(number) == 0
        assert "acknowledgement.impossible" in here.case_kinds()
        titles = [each["title"] for each in here.open_cases() if each["kind"] == "acknowledgement.impossible"]
        assert ". Line 1: it is still held: " in titles[0]


def test_an_agreement_that_says_so_in_words_rejects(database: Database, clock: ManualClock) -> None:
    """Rejecting by fallback is a choice somebody made."""
    words = "We accept that lines nobody could answer in time are rejected."
    terms = with_terms(fallback=Fallback.BACKORDER_ELSE_REJECT, fallback_words=words)
    with install(database, clock, agreement=terms) as here:
        number = here.order(line(LAMP, 1, cost="10.40", backorder=False))
        here.pass_time(timedelta(hours=23))
        assert here.held_by_amazon(number) == [(0, 0, 1)]


def test_an_order_of_nothing_but_cancelled_lines_owes_no_answer(database: Database, clock: ManualClock) -> None:
    """Zero is Amazon's word for cancelled: a change, not a case."""
    with install(database, clock) as here:
        number = here.order(line(LAMP, 0))
        here.pass_time(timedelta(hours=25))
        assert here.sends(number) == 0
        assert here.case_kinds() == []


def test_orders_answered_before_we_came_are_history(database: Database, clock: ManualClock) -> None:
    """They teach what a usual quantity is; they are never answered again."""
    with install(database, clock) as here:
        number = here.order(line(LAMP, 3), state="Acknowledged")
        here.pass_time(timedelta(hours=25))
        assert here.shown(number)["standing"] == "history"
        assert here.sends(number) == 0 and here.shop_orders(number) == []


def test_an_order_that_is_closed_or_late_is_held(database: Database, clock: ManualClock) -> None:
    """Goods would be promised that nobody takes."""
    with install(database, clock) as here:
        past = f"{clock.now() - timedelta(days=9):%Y-%m-%dT%H:%M:%SZ}--{clock.now() - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
        here.order(line(LAMP, 1), window=past)
        closed = here.order(line(CHAIR, 1))
        here.amazon.close_order(closed)
        here.pass_time(HOUR)
        assert here.case_kinds() == ["held.order-closed", "held.window-past"]
