"""Orders of a shop brought to other quantities, prices and lines by the connector; interrupted, by hand, and renewed."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.contracts.shopify_connector import Bench, open_bench, product, variant
from trueup.base.errors import Rejected, Transient
from trueup.domain.sales_orders import SalesOrder, ShownOrder, differences
from trueup.remote.capability import SalesOrderSink
from trueup.simulators.shopify import edits

PLENTY = (product("Anvil", variant("AN-1", levels={"Main": 50, "Annex": 50})),)


def send(bench: Bench, order: SalesOrder) -> ShownOrder:
    """Create it as a workflow does: look the key up, then write."""
    assert isinstance(bench.shop, SalesOrderSink)
    assert bench.shop.find_sales_order(order.key).value is None
    return bench.shop.send_sales_order(order).value


def held(shown: ShownOrder) -> list[tuple[int | None, str, int]]:
    """The standing lines: (sequence, SKU, eaches)."""
    return sorted((line.sequence, line.sku, line.eaches) for line in shown.lines if line.eaches)


def test_fewer_eaches_give_their_stock_back() -> None:
    """The line is lowered and what it held is available again."""
    bench = open_bench()
    shown = send(bench, bench.wanted(("AN-1", 12), ("BE-1", 3)))
    order = bench.wanted(("AN-1", 7))
    amended = bench.shop.amend_sales_order(shown, order).value
    assert differences(order, amended) == () and held(amended) == [(1, "AN-1", 7)]
    assert (bench.level("AN-1")["available"], bench.level("AN-1")["committed"]) == (43, 7)
    assert bench.level("BE-1")["committed"] == 0


def test_more_eaches_claim_more_stock_at_the_same_price() -> None:
    """The line is raised, at the purchase order's price."""
    bench = open_bench()
    shown = send(bench, bench.wanted(("AN-1", 12)))
    order = bench.wanted(("AN-1", 20))
    amended = bench.shop.amend_sales_order(shown, order).value
    assert differences(order, amended) == () and bench.level("AN-1")["committed"] == 20
    assert "orderEditAddVariant" not in bench.operations()


def test_an_added_line_has_the_purchase_orders_price_and_its_sequence() -> None:
    """The shop asks 20.00 for it; the order says 4.17, and the line is known as line 2 although it cannot bear a property."""
    bench = open_bench()
    shown = send(bench, bench.wanted(("AN-1", 12)))
    order = bench.wanted(("AN-1", 12), ("BE-1", 3))
    amended = bench.shop.amend_sales_order(shown, order).value
    assert differences(order, amended) == () and held(amended) == [(1, "AN-1", 12), (2, "BE-1", 3)]
    assert bench.level("BE-1")["committed"] == 3
    costs = json.loads(bench.orders()[0]["metafields"]["trueup.exact_costs"])
    assert [line["sequence"] for line in costs["lines"]] == [1, 2]


@pytest.mark.parametrize("price", ["3.99", "5.25", "20.00"])
def test_another_price_replaces_the_line_in_one_edit(price: str) -> None:
    """A changed cost takes the old line out and adds it anew, together or not at all."""
    bench = open_bench()
    shown = send(bench, bench.wanted(("AN-1", 12), ("BE-1", 3)))
    order = bench.wanted(("AN-1", 12, price), ("BE-1", 3))
    amended = bench.shop.amend_sales_order(shown, order).value
    assert differences(order, amended) == () and held(amended) == [(1, "AN-1", 12), (2, "BE-1", 3)]
    assert bench.level("AN-1")["committed"] == 12 and bench.operations().count("orderEditCommit") == 1


def test_an_amended_order_can_be_amended_again() -> None:
    """Lines that were added by an edit are found again by the next one."""
    bench = open_bench()
    shown = send(bench, bench.wanted(("AN-1", 12)))
    for lines in ([("AN-1", 12), ("BE-1", 3)], [("AN-1", 10), ("BE-1", 5)], [("AN-1", 12, "4.00"), ("BE-1", 5)]):
        order = bench.wanted(*lines)
        shown = bench.shop.amend_sales_order(shown, order).value
        assert differences(order, shown) == () and len(held(shown)) == 2
    assert (bench.level("AN-1")["committed"], bench.level("BE-1")["committed"]) == (12, 5)


def test_a_discount_that_is_meant_for_the_whole_line_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shopify does not say whether a fixed discount is for each unit: should it be for the line, the price is exact too."""
    for_each_unit = edits.discount

    def for_the_line(line: edits.CalculatedLine, fixed: Decimal | None, percent: Decimal | None, currency: str) -> None:
        for_each_unit(line, None if fixed is None else fixed / line.quantity, percent, currency)

    monkeypatch.setattr(edits, "discount", for_the_line)
    bench = open_bench()
    shown = send(bench, bench.wanted(("AN-1", 12)))
    order = bench.wanted(("AN-1", 12), ("BE-1", 3))
    assert differences(order, bench.shop.amend_sales_order(shown, order).value) == ()
    assert bench.operations().count("orderEditCommit") == 1


def test_a_price_that_cannot_be_had_changes_nothing() -> None:
    """The purchase order pays more than the shop asks, and Shopify can only discount: refused, and the order stands."""
    bench = open_bench()
    shown = send(bench, bench.wanted(("AN-1", 12)))
    with pytest.raises(Rejected, match="Raise the product's price in the shop") as caught:
        bench.shop.amend_sales_order(shown, bench.wanted(("AN-1", 12), ("BE-1", 3, "25.00")))
    assert caught.value.code == "PRICE_NOT_EXACT" and not caught.value.maybe_applied
    assert bench.shop.find_sales_order("amzv:ACME1:PO1").value == shown
    assert "orderEditCommit" not in bench.operations() and bench.level("BE-1")["committed"] == 0


def test_a_long_order_is_amended_whole() -> None:
    """120 lines are more than one page under edit: the last is changed, the others stay, the first goes."""
    bench = open_bench([product("Many", *(variant(f"V{number}", title=str(number)) for number in range(120)))])
    first = bench.wanted(*((f"V{number}", 2) for number in range(120)))
    shown = send(bench, first)
    order = replace(first, lines=(*first.lines[1:-1], replace(first.lines[-1], eaches=1)))
    amended = bench.shop.amend_sales_order(shown, order).value
    assert differences(order, amended) == () and len(held(amended)) == 119
    assert bench.operations().count("orderEditSetQuantity") == 2


def test_nothing_to_change_commits_nothing() -> None:
    """Amending to what is there already is no edit."""
    bench = open_bench()
    order = bench.wanted(("AN-1", 12))
    shown = send(bench, order)
    assert bench.shop.amend_sales_order(shown, order).value == shown
    assert "orderEditCommit" not in bench.operations()


def test_lines_of_one_product_are_amended_by_their_sequence() -> None:
    """Of two lines of one product at one price the right one is changed."""
    bench = open_bench()
    first = bench.wanted(("AN-1", 12), ("AN-1", 5))
    shown = send(bench, first)
    order = replace(first, lines=(replace(first.lines[0], eaches=0), first.lines[1]))
    assert held(bench.shop.amend_sales_order(shown, order).value) == [(2, "AN-1", 5)]


def test_an_added_line_of_a_product_already_there_has_its_own_sequence() -> None:
    """The line that was there stays line 1; the one the edit added is line 2, not a second line 1."""
    bench = open_bench()
    shown = send(bench, bench.wanted(("AN-1", 12)))
    amended = bench.shop.amend_sales_order(shown, bench.wanted(("AN-1", 12), ("AN-1", 5, "4.00"))).value
    assert held(amended) == [(1, "AN-1", 12), (2, "AN-1", 5)]


def test_a_merchants_change_by_hand_is_brought_back() -> None:
    """Someone edited our order in the admin: it is seen, and amending restores what is wanted."""
    bench = open_bench()
    order = bench.wanted(("AN-1", 12))
    shown = send(bench, order)
    bench.simulator.edit_by_hand(shown.name, "AN-1", 4)
    seen = bench.shop.find_sales_order(order.key).value
    assert seen is not None and differences(order, seen) == ("AN-1: 4 eaches in the shop, 12 wanted",)
    assert differences(order, bench.shop.amend_sales_order(seen, order).value) == ()


def test_an_amendment_whose_reply_was_lost_can_be_repeated() -> None:
    """The commit may have been applied; amending again starts from what is there and ends the same."""
    bench = open_bench()
    shown = send(bench, bench.wanted(("AN-1", 12)))
    order = bench.wanted(("AN-1", 12), ("BE-1", 3))
    bench.simulator.add_fault("applied_but_timed_out", operation="orderEditCommit")
    with pytest.raises(Transient) as caught:
        bench.shop.amend_sales_order(shown, order)
    assert caught.value.maybe_applied
    assert differences(order, bench.shop.amend_sales_order(shown, order).value) == ()
    assert bench.level("BE-1")["committed"] == 3


@pytest.mark.parametrize(
    "operation", ["orderEditBegin", "orderEditSetQuantity", "orderEditAddVariant", "orderEditAddLineItemDiscount"]
)
def test_an_edit_interrupted_before_its_commit_changed_nothing(operation: str) -> None:
    """Until the commit nothing is applied, and the error says so."""
    bench = open_bench()
    shown = send(bench, bench.wanted(("AN-1", 12)))
    bench.simulator.add_fault("applied_but_timed_out", operation=operation)
    with pytest.raises(Transient) as caught:
        bench.shop.amend_sales_order(shown, bench.wanted(("AN-1", 9), ("BE-1", 3)))
    assert not caught.value.maybe_applied
    assert bench.shop.find_sales_order("amzv:ACME1:PO1").value == shown


def test_amending_to_nothing_cancels() -> None:
    """An order without lines is a cancelled order, and its stock is free."""
    bench = open_bench()
    shown = send(bench, bench.wanted(("AN-1", 12)))
    order = bench.wanted()
    amended = bench.shop.amend_sales_order(shown, order).value
    assert amended.cancelled and differences(order, amended) == ()
    assert bench.level("AN-1")["available"] == 50


def test_an_order_cancelled_by_hand_can_be_had_again_under_its_key() -> None:
    """Cancelled orders cannot be edited: a new one takes the key, the old one keeps a name for it."""
    bench = open_bench()
    order = bench.wanted(("AN-1", 12))
    shown = send(bench, order)
    bench.simulator.cancel_by_hand(shown.name)
    again = bench.shop.amend_sales_order(shown, order).value
    assert again.id != shown.id and differences(order, again) == ()
    assert bench.shop.find_sales_order(order.key).value == again
    old, _ = bench.orders()
    assert old["metafields"]["trueup.purchase_order"].startswith(f"{order.key}~")
    assert bench.level("AN-1")["committed"] == 12


def test_an_interrupted_renewal_never_makes_two() -> None:
    """Lost right after the key was released, or right after the new order was made: one order holds the stock."""
    for operation in ("metafieldsSet", "orderCreate"):
        bench = open_bench()
        order = bench.wanted(("AN-1", 12))
        shown = send(bench, order)
        bench.simulator.cancel_by_hand(shown.name)
        bench.simulator.add_fault("applied_but_timed_out", operation=operation)
        with pytest.raises(Transient):
            bench.shop.amend_sales_order(shown, order)
        found = bench.shop.find_sales_order(order.key).value
        ended = bench.shop.amend_sales_order(found or shown, order).value
        assert differences(order, ended) == () and bench.level("AN-1")["committed"] == 12
        assert sum(made["cancelled_at"] is None for made in bench.orders()) == 1
