"""The shop's lies and accidents, each told to the whole path: one order for a purchase order, its stock at our place, or a case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.workflows.installation import ELSEWHERE, LAMP, Installation, install, line
from tests.workflows.scenes import CALM, HOUR, case, standing
from trueup.base.clock import ManualClock
from trueup.domain.cases import Resolution, Role
from trueup.storage.database import Database
from trueup.workflows.resolve_case import Person, resolve_case

SHOPKEEPER = Person("Erik", frozenset({Role.ECOMMERCE}))


def ends_well(here: Installation, number: str) -> None:
    """Accepted, sold once, committed at our place, and nobody needs to look."""
    assert here.held_by_amazon(number) == [(4, 0, 0)]
    assert standing(here, number) == "accepted" and here.sends(number) == 1
    assert len(here.shop_orders(number)) == 1 and here.sold_eaches(number) == {"LAMP-1": 24}
    assert (here.level("LAMP-1")["committed"], here.level("LAMP-1")["lowest_available"]) == (24, 76)
    assert here.case_kinds() == []


@pytest.mark.parametrize("operation", ["orderCreate", None])
@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("server_error", {"status": 503}),
        ("throttled", {}),
        ("too_many_requests", {}),
        ("token_refused", {}),
        ("slow", {"seconds": 0.1}),
        ("malformed_json", {}),
        ("applied_but_timed_out", {"mode": "504"}),
    ],
)
def test_a_trouble_that_passes_makes_one_order_and_no_more(
    database: Database, clock: ManualClock, kind: str, how: dict[str, Any], operation: str | None
) -> None:
    """Whichever request it meets, written or read: tried again by looking first, the order is never doubled."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.pass_time(HOUR / 2)
        operation = "graphql" if kind == "token_refused" else operation
        here.shopify.add_fault(kind, operation=operation, count=4, **how)
        number = here.order(line(LAMP, 4))
        here.pass_time(3 * HOUR)
        assert here.shopify.faults.struck[kind] >= 1
        ends_well(here, number)


@pytest.mark.parametrize("rule", ["accepts", "rejects"])
@pytest.mark.parametrize("mode", ["drop", "504"])
def test_an_order_whose_reply_was_lost_is_found_by_its_key_and_never_by_search(
    database: Database, clock: ManualClock, mode: str, rule: str
) -> None:
    """Search lags by an hour, and a custom id may be given twice: neither makes a second order."""
    with install(database, clock, LAMP, pace=CALM, shop_rules={"duplicate_custom_id": rule}) as here:
        here.shopify.add_fault("search_lag", seconds=3600, count=None)
        here.shopify.add_fault("applied_but_timed_out", operation="orderCreate", mode=mode)
        number = here.order(line(LAMP, 4))
        here.pass_time(2 * HOUR)
        ends_well(here, number)


def test_an_unreachable_shop_is_a_case_that_closes_when_it_answers(database: Database, clock: ManualClock) -> None:
    """Nothing is promised meanwhile; the order waits with its deadline in the case."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.shopify.add_fault("server_error", operation="orderCreate", count=None)
        number = here.order(line(LAMP, 4))
        here.pass_time(3 * HOUR)
        found = case(here, "shop.unreachable")
        assert found["deadline"] and "500" in found["found"]
        assert here.sends(number) == 0
        here.shopify.clear_faults()
        here.pass_time(2 * HOUR)
        ends_well(here, number)


def test_stock_taken_from_another_place_is_moved_and_committed_at_ours(database: Database, clock: ManualClock) -> None:
    """Shopify chose another location that also has it: the order is moved before anything is answered."""
    with install(database, clock, replace(LAMP, elsewhere=50), pace=CALM) as here:
        here.shopify.add_fault("wrong_location", operation="orderCreate")
        number = here.order(line(LAMP, 4))
        here.pass_time(2 * HOUR)
        assert here.shopify.faults.struck["wrong_location"] == 1
        ends_well(here, number)
        [sold] = here.shop_orders(number)
        open_places = [place["name"] for place in sold["lines"][0]["locations"] if place["remaining"]]
        assert open_places == ["main"] and ELSEWHERE not in open_places


@pytest.mark.parametrize("refusal", ["claim_failed", "invalid"])
def test_a_claim_refused_in_either_form_is_decided_anew(database: Database, clock: ManualClock, refusal: str) -> None:
    """Live shops have been seen to say INVALID where the schema has a code of its own; nothing is oversold."""
    with install(database, clock, LAMP, pace=CALM, shop_rules={"claim_refusal": refusal}) as here:
        here.shopify.add_fault("claim_race", operation="orderCreate", count=1)
        number = here.order(line(LAMP, 4))
        here.pass_time(2 * HOUR)
        assert here.held_by_amazon(number) == [(0, 4, 0)] and standing(here, number) == "accepted"
        assert here.level("LAMP-1")["lowest_available"] >= 0 and here.sold_eaches(number) == {}
        assert here.case_kinds() == ["stock.short"]


def test_an_order_cancelled_by_hand_is_a_case_and_not_made_again_until_someone_says_so(
    database: Database, clock: ManualClock
) -> None:
    """A person's cancellation stands; a person's retry makes it anew, and only then is anything answered."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.shopify.add_fault("edited_by_hand", mode="cancel")
        number = here.order(line(LAMP, 4))
        here.pass_time(6 * HOUR)
        found = case(here, "shop.differs")
        assert "cancelled" in found["found"] and found["money_at_risk"] == "240.00 USD"
        assert here.sends(number) == 0 and here.sold_eaches(number) == {}
        here.engine.act(resolve_case, found["id"], Resolution.RETRY, SHOPKEEPER, "cancelled by mistake")
        here.pass_time(HOUR)
        assert here.sold_eaches(number) == {"LAMP-1": 24} and len(here.shop_orders(number)) == 2
        assert here.held_by_amazon(number) == [(4, 0, 0)] and here.case_kinds() == []


def test_a_quantity_edited_by_hand_is_a_case_and_never_overwritten_silently(
    database: Database, clock: ManualClock
) -> None:
    """Both numbers are in the case; the shop keeps the person's number until a person wants ours."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.shopify.add_fault("edited_by_hand", mode="quantity")
        number = here.order(line(LAMP, 4))
        here.pass_time(6 * HOUR)
        found = case(here, "shop.differs")
        assert "23 eaches in the shop, 24 wanted" in found["found"]
        assert here.sold_eaches(number) == {"LAMP-1": 23} and here.sends(number) == 0
        here.engine.act(resolve_case, found["id"], Resolution.RETRY, SHOPKEEPER, "24 it is")
        here.pass_time(HOUR)
        assert here.sold_eaches(number) == {"LAMP-1": 24} and here.held_by_amazon(number) == [(4, 0, 0)]


def test_an_edit_nobody_judges_goes_out_by_the_fallback(database: Database, clock: ManualClock) -> None:
    """What the shop was never seen to hold is never answered as accepted."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.shopify.add_fault("edited_by_hand", mode="cancel")
        number = here.order(line(LAMP, 4))
        here.pass_time(23 * HOUR)
        assert here.held_by_amazon(number) == [(0, 4, 0)]
        assert "acknowledgement.fallback" in here.case_kinds()


def test_tags_added_by_hand_are_nobody_elses_business(database: Database, clock: ManualClock) -> None:
    """They stay, and the order goes on."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.shopify.add_fault("edited_by_hand", mode="tags")
        number = here.order(line(LAMP, 4))
        here.pass_time(2 * HOUR)
        ends_well(here, number)
        assert "checked by hand" in here.shop_orders(number)[0]["tags"]


@pytest.mark.parametrize("kind", ["concurrent_request", "previous_attempt_failed"])
def test_idempotency_refusals_cost_time_only(database: Database, clock: ManualClock, kind: str) -> None:
    """Nothing was done; the same is tried again and done once."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.shopify.add_fault(kind, count=2)
        number = here.order(line(LAMP, 4))
        here.pass_time(2 * HOUR)
        ends_well(here, number)
