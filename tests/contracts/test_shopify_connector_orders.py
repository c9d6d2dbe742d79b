"""Purchase orders as orders of a shop: found, created, amended, cancelled, moved; and what goes wrong on the way."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contracts.shopify_connector import NOW, SCOPES, Bench, open_bench, product, variant
from trueup.base.errors import ConfigurationError, Conflict, Invalid, Rejected, RemoteError, Throttled, Transient
from trueup.base.money import Money
from trueup.domain.sales_orders import SalesOrder, ShownOrder, differences, misplaced
from trueup.remote.capability import SalesOrderSink

PLENTY = (product("Anvil", variant("AN-1", levels={"Main": 50, "Annex": 50})),)


def send(bench: Bench, order: SalesOrder) -> ShownOrder:
    """Create it as a workflow does: look the key up, then write."""
    assert isinstance(bench.shop, SalesOrderSink)
    assert bench.shop.find_sales_order(order.key).value is None
    return bench.shop.send_sales_order(order).value


def held(shown: ShownOrder) -> list[tuple[int | None, str, int]]:
    """The standing lines: (sequence, SKU, eaches)."""
    return sorted((line.sequence, line.sku, line.eaches) for line in shown.lines if line.eaches)


# Creating


def test_an_order_claims_its_stock_and_reads_back_as_sent() -> None:
    """Committed rises by what was ordered, available falls, and the shop shows the order that was asked for."""
    bench = open_bench()
    order = bench.wanted(("AN-1", 12), ("BE-1", 3, "10.00"))
    shown = send(bench, order)
    assert differences(order, shown) == () and misplaced(order, shown) == ()
    assert bench.level("AN-1") | {"available": 38, "committed": 12, "on_hand": 50} == bench.level("AN-1")
    assert held(shown) == [(1, "AN-1", 12), (2, "BE-1", 3)]
    assert (shown.key, shown.cancelled, shown.updated_at) == (order.key, False, NOW)
    assert {line.location for line in shown.lines} == {"main"}
    assert [line.price for line in shown.lines] == [Money(417, "USD"), Money(1000, "USD")]


def test_an_order_carries_where_it_comes_from() -> None:
    """PO number, key, tags, note and unpaid state are on the order; no receipt is sent and nothing is marked paid."""
    bench = open_bench()
    send(bench, replace(bench.wanted(("AN-1", 12)), partner="Amazon, US " + "x" * 60))
    (made,) = bench.orders()
    assert (made["po_number"], made["source_identifier"], made["note"]) == ("PO1", "amzv:ACME1:PO1", "Ship by Friday")
    assert made["financial_status"] == "PENDING" and made["inventory_behaviour"] == "DECREMENT_OBEYING_POLICY"
    assert {"Trueup", "ACME1"} < set(made["tags"]) and all(len(tag) <= 40 and "," not in tag for tag in made["tags"])
    assert made["metafields"]["trueup.purchase_order"] == "amzv:ACME1:PO1"


def test_the_exact_cost_is_kept_where_a_price_cannot_hold_it() -> None:
    """A case cost that does not divide is rounded on the line and whole in the metafield."""
    bench = open_bench()
    send(bench, bench.wanted(("AN-1", 12)))
    costs = json.loads(bench.orders()[0]["metafields"]["trueup.exact_costs"])
    assert costs["lines"][0]["exact_cost"] == "4.166666666666666666666666667"
    assert costs["lines"][0] | {"sequence": 1, "price": "4.17", "sku": "AN-1"} == costs["lines"][0]


def test_two_lines_of_one_product_stay_two_lines() -> None:
    """Lines are told apart by their sequence, at their own prices."""
    bench = open_bench()
    shown = send(bench, bench.wanted(("AN-1", 12), ("AN-1", 5, "3.90")))
    assert held(shown) == [(1, "AN-1", 12), (2, "AN-1", 5)]
    assert {line.sequence: line.price for line in shown.lines} == {1: Money(417, "USD"), 2: Money(390, "USD")}


def test_a_long_order_is_read_back_whole() -> None:
    """120 lines over several pages of lines and of the location's lines, each with its location."""
    bench = open_bench([product("Many", *(variant(f"V{number}", title=str(number)) for number in range(120)))])
    shown = send(bench, bench.wanted(*((f"V{number}", 1) for number in range(120))))
    assert [line.sequence for line in shown.lines] == list(range(1, 121))
    assert {(line.eaches, line.location) for line in shown.lines} == {(1, "main")}


@pytest.mark.parametrize("claim_refusal", ["claim_failed", "invalid"])
def test_an_order_that_cannot_claim_everything_claims_nothing(claim_refusal: str) -> None:
    """All or nothing, in both ways that shops say so."""
    bench = open_bench(claim_refusal=claim_refusal)
    with pytest.raises(Conflict, match=r"INVENTORY_CLAIM_FAILED.*6 of CH-1"):
        send(bench, bench.wanted(("AN-1", 12), ("CH-1", 6)))
    assert bench.orders() == [] and bench.level("AN-1")["committed"] == 0


def test_stock_sold_between_the_look_and_the_order_is_not_sold_twice() -> None:
    """Someone buys the last ones in the shop first: the order is refused, nothing falls below zero."""
    bench = open_bench()
    bench.simulator.add_fault("claim_race", operation="orderCreate")
    with pytest.raises(Conflict, match="INVENTORY_CLAIM_FAILED"):
        send(bench, bench.wanted(("CH-1", 5)))
    assert (bench.level("CH-1")["available"], bench.level("CH-1")["committed"]) == (0, 5)


def test_two_orders_racing_for_the_last_case_never_both_have_it() -> None:
    """Eight workers want the last five at the same moment: one gets them, seven are told that they are gone."""
    bench = open_bench()
    bench.shop.prepare()

    def race(number: int) -> bool:
        try:
            bench.shop.send_sales_order(bench.wanted(("CH-1", 5), key=f"k{number}"))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as workers:
        assert sorted(workers.map(race, range(8))) == [False] * 7 + [True]
    assert (bench.level("CH-1")["available"], bench.level("CH-1")["committed"]) == (0, 5)


@pytest.mark.parametrize("mode", ["drop", "504"])
def test_an_order_whose_reply_was_lost_is_found_by_its_key(mode: str) -> None:
    """The write may have been applied, the error says so, and the look-up finds it although the search still lags."""
    bench = open_bench(search_lag_seconds=3600.0)
    order = bench.wanted(("AN-1", 12))
    bench.simulator.add_fault("applied_but_timed_out", operation="orderCreate", mode=mode)
    with pytest.raises(Transient) as caught:
        send(bench, order)
    assert caught.value.maybe_applied
    found = bench.shop.find_sales_order(order.key).value
    assert found is not None and differences(order, found) == ()
    assert len(bench.orders()) == 1


def test_an_order_refused_before_it_was_made_is_not_found() -> None:
    """A server error that came before anything was done leaves no order behind, and sending again makes one."""
    bench = open_bench()
    order = bench.wanted(("AN-1", 12))
    bench.simulator.add_fault("server_error", operation="orderCreate")
    with pytest.raises(Transient):
        send(bench, order)
    assert bench.operations().count("orderCreate") == 1
    send(bench, order)
    assert len(bench.orders()) == 1


def test_a_reply_cut_short_says_that_the_order_may_be_there() -> None:
    """Half a reply to a write is a changed contract with a doubt, not a failure that can be repeated."""
    bench = open_bench()
    bench.simulator.add_fault("malformed_json", operation="orderCreate")
    with pytest.raises(RemoteError) as caught:
        send(bench, bench.wanted(("AN-1", 12)))
    assert caught.value.maybe_applied and len(bench.orders()) == 1


def test_an_order_is_made_although_it_cannot_be_read_back() -> None:
    """A write that is done is not reported as failed because the read after it failed."""
    bench = open_bench()
    bench.shop.prepare()
    bench.simulator.add_fault("server_error", operation="order", count=None)
    order = bench.wanted(("AN-1", 12))
    shown = send(bench, order)
    assert differences(order, shown) == () and len(bench.orders()) == 1


def test_a_long_order_that_cannot_be_read_back_is_in_doubt() -> None:
    """The write's own reply holds the first page alone: an order shown with lines missing would be a lie."""
    bench = open_bench([product("Many", *(variant(f"V{number}", title=str(number)) for number in range(30)))])
    bench.shop.prepare()
    bench.simulator.add_fault("server_error", operation="order", count=None)
    with pytest.raises(Transient) as caught:
        send(bench, bench.wanted(*((f"V{number}", 1) for number in range(30))))
    assert caught.value.maybe_applied and len(bench.orders()) == 1


def test_a_key_that_the_shop_holds_unique_leads_to_the_order_that_has_it() -> None:
    """Where Shopify refuses a second order with the key, the first one is the answer: it is ours."""
    bench = open_bench(duplicate_custom_id="rejects")
    order = bench.wanted(("AN-1", 12))
    first = send(bench, order)
    assert bench.shop.send_sales_order(order).value == first
    assert len(bench.orders()) == 1 and bench.level("AN-1")["committed"] == 12


def test_an_unknown_product_is_refused_with_the_shops_words() -> None:
    """A variant that was deleted makes no order."""
    bench = open_bench()
    order = bench.wanted(("AN-1", 12))
    gone = replace(order.lines[0], variant="gid://shopify/ProductVariant/1")
    with pytest.raises(Rejected, match=r"order PO1: refused \(INVALID\): Order Line items is invalid"):
        send(bench, replace(order, lines=(gone,)))


def test_a_line_in_another_currency_than_its_order_is_refused_before_it_is_sent() -> None:
    """Money of two currencies is never mixed."""
    bench = open_bench()
    order = bench.wanted(("AN-1", 12))
    with pytest.raises(Invalid, match="line 1: priced in EUR, but the order is in USD"):
        send(bench, replace(order, lines=(replace(order.lines[0], price=Money(417, "EUR")),)))
    assert "orderCreate" not in bench.operations()


def test_a_b2b_location_is_on_the_order_where_the_agreement_names_one() -> None:
    """A shop with B2B takes it; one without refuses with the reason."""
    bench = open_bench(plan="plus", scopes=f"{SCOPES} read_companies")
    company = bench.simulator.add_company_location("Amazon", "Seattle").id
    send(bench, replace(bench.wanted(("AN-1", 12)), company_location=company))
    assert bench.orders()[0]["company_location"] == company
    plain = open_bench()
    with pytest.raises(RemoteError, match="B2B"):
        send(plain, replace(plain.wanted(("AN-1", 12)), company_location=company))


def test_the_order_key_is_defined_once() -> None:
    """The first look-up defines the metafield; later ones, by others too, find it defined."""
    bench = open_bench()
    bench.shop.find_sales_order("a")
    bench.reconnected().find_sales_order("b")
    assert bench.operations().count("metafieldDefinitionCreate") == 1
    (definition,) = bench.simulator.world.definitions.values()
    assert (definition.type, definition.unique, definition.owner_type) == ("id", True, "ORDER")


def test_a_key_defined_as_something_else_stops_before_any_order() -> None:
    """A definition that is not unique would let one purchase order be made twice."""
    bench = open_bench()
    bench.shop.prepare()
    (definition,) = bench.simulator.world.definitions.values()
    definition.type = "single_line_text_field"
    with pytest.raises(ConfigurationError, match="defined as 'single_line_text_field', expected 'id'"):
        bench.reconnected().find_sales_order("a")


# Locations


def test_an_order_at_the_wrong_location_is_seen_and_moved() -> None:
    """Shopify chose Annex: the order says so, the move brings it to Main, and so does its stock."""
    bench = open_bench(PLENTY)
    bench.simulator.add_fault("wrong_location", operation="orderCreate")
    order = bench.wanted(("AN-1", 12))
    shown = send(bench, order)
    assert [line.location for line in misplaced(order, shown)] == ["annex"]
    moved = bench.shop.move_sales_order(shown, "main").value
    assert misplaced(order, moved) == () and differences(order, moved) == ()
    assert (bench.level("AN-1")["committed"], bench.level("AN-1", "Annex")["committed"]) == (12, 0)


def test_moving_what_is_there_already_writes_nothing() -> None:
    """A move may be repeated."""
    bench = open_bench()
    shown = send(bench, bench.wanted(("AN-1", 12)))
    assert bench.shop.move_sales_order(shown, "main").value == shown
    assert "fulfillmentOrderMove" not in bench.operations()


def test_an_order_split_between_locations_shows_each() -> None:
    """Lines that ship from different places say so, and their eaches add up."""
    bench = open_bench([product("A", variant("AN-1")), product("B", variant("BE-1", levels={"Annex": 50}))])
    order = bench.wanted(("AN-1", 12), ("BE-1", 4))
    shown = send(bench, order)
    assert {(line.sku, line.location) for line in shown.lines} == {("AN-1", "main"), ("BE-1", "annex")}
    assert [line.sku for line in misplaced(order, shown)] == ["BE-1"]


def test_an_order_split_between_many_locations_is_read_whole() -> None:
    """Five locations do not fit on the first page of them; no line is lost."""
    names = [f"Depot {number}" for number in range(5)]
    bench = open_bench([])
    for name in names:
        bench.simulator.add_location(name)
    bench.simulator.add_products(
        [product("Many", *(variant(name, title=name, levels={name: 9}) for name in names))],
    )
    order = bench.wanted(*((name, 2) for name in names))
    shown = send(bench, order)
    assert differences(order, shown) == () and len({line.location for line in shown.lines}) == 5


# Cancelling


def test_cancelling_gives_the_stock_back_and_is_waited_for() -> None:
    """Shopify cancels after it answered; the connector looks a few times and returns it cancelled."""
    bench = open_bench(job_delay_seconds=2.0)
    shown = send(bench, bench.wanted(("AN-1", 12)))
    cancelled = bench.shop.cancel_sales_order(shown, "Amazon cancelled PO1").value
    assert cancelled.cancelled and bench.level("AN-1")["available"] == 50
    assert bench.clock.now() < NOW + timedelta(seconds=10)


def test_a_cancellation_that_takes_long_is_returned_as_it_shows() -> None:
    """Not cancelled yet is said as such; asking again later is harmless and shows it cancelled."""
    bench = open_bench(job_delay_seconds=3600.0)
    shown = send(bench, bench.wanted(("AN-1", 12)))
    assert not bench.shop.cancel_sales_order(shown, "x" * 1000).value.cancelled
    bench.clock.advance(timedelta(hours=2))
    assert bench.shop.cancel_sales_order(shown, "again").value.cancelled


def test_a_shipped_order_cannot_be_cancelled() -> None:
    """The shop's reason is passed on."""
    bench = open_bench()
    shown = send(bench, bench.wanted(("AN-1", 12)))
    bench.simulator.fulfil_by_hand(shown.name)
    with pytest.raises(Rejected, match="outstanding fulfillments"):
        bench.shop.cancel_sales_order(shown, "too late")


def test_what_has_shipped_is_still_on_the_order() -> None:
    """Shipped units count as standing, though no location has them any more."""
    bench = open_bench()
    order = bench.wanted(("AN-1", 12))
    shown = send(bench, order)
    bench.simulator.fulfil_by_hand(shown.name)
    seen = bench.shop.find_sales_order(order.key).value
    assert seen is not None and differences(order, seen) == ()
    assert [(line.eaches, line.location) for line in seen.lines] == [(12, None)]


def test_a_development_shop_takes_five_orders_a_minute() -> None:
    """The sixth is refused with a wait of a minute, and goes through after it."""
    bench = open_bench(plan="dev")
    for number in range(5):
        send(bench, bench.wanted(("AN-1", 1), key=f"k{number}"))
    with pytest.raises(Throttled, match="five orders a minute") as caught:
        send(bench, bench.wanted(("AN-1", 1), key="k5"))
    bench.clock.advance(timedelta(seconds=caught.value.retry_after_seconds))
    send(bench, bench.wanted(("AN-1", 1), key="k5"))
    assert len(bench.orders()) == 6
