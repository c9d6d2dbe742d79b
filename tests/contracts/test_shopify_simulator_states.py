"""Whatever happens to a shop, in whatever order: its states add up, and nothing sold by policy is oversold."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.contracts.shopify_shop import IGNORING, OBEYING, Shop, key
from tests.contracts.test_shopify_simulator_inventory import ADJUST, LEDGER, MOVE, SET, row
from tests.contracts.test_shopify_simulator_orders import CANCEL, FULFIL
from tests.contracts.test_shopify_simulator_orders import MOVE as RELOCATE
from trueup.base.errors import Conflict

PARTS = ("available", "committed", "reserved", "damaged", "quality_control", "safety_stock")
SKUS = st.sampled_from(["PAN-1", "PAN-1-X", "POT-2", "BOOK"])
PLACES = st.sampled_from(["East", "West"])
SMALL = st.integers(1, 6)


class AnyShop(RuleBasedStateMachine):
    """A merchant, shoppers, an app and time, at random."""

    def __init__(self) -> None:
        super().__init__()
        self.shop = Shop(rate_limit=False)
        self.only_policy = True

    def order(self, pick: int) -> Any:
        """One of the orders."""
        found = self.shop.simulator.world.orders
        return found[pick % len(found)]

    @rule(lines=st.lists(st.tuples(SKUS, SMALL), min_size=1, max_size=3), options=st.sampled_from([OBEYING, {}]))
    def create(self, lines: list[tuple[str, int]], options: dict[str, str]) -> None:
        """An app orders, all or nothing."""
        before = len(self.shop.simulator.world.orders)
        payload = self.shop.create(*(self.shop.line(sku, count) for sku, count in lines), options=options)
        assert len(self.shop.simulator.world.orders) - before == (payload["order"] is not None)

    @rule(sku=SKUS, count=SMALL)
    def oversell(self, sku: str, count: int) -> None:
        """An app orders whatever the policy says."""
        self.only_policy = False
        self.shop.ordered(self.shop.line(sku, count), options=IGNORING)

    @rule(sku=SKUS, count=SMALL)
    def sell(self, sku: str, count: int) -> None:
        """A shopper buys, if allowed."""
        try:
            self.shop.simulator.sell(sku, count)
        except Conflict:
            return

    @precondition(lambda self: self.shop.simulator.world.orders)
    @rule(pick=st.integers(0, 50), restock=st.booleans(), wait=st.integers(0, 3))
    def cancel(self, pick: int, restock: bool, wait: int) -> None:
        """Cancelled now or while the job waits."""
        self.shop.run(CANCEL, id=self.order(pick).id, restock=restock)
        self.shop.wait(wait)

    @precondition(lambda self: self.shop.simulator.world.orders)
    @rule(pick=st.integers(0, 50), count=st.integers(0, 8))
    def edit(self, pick: int, count: int) -> None:
        """A merchant changes a line; more units are claimed without asking."""
        order = self.order(pick)
        try:
            self.shop.simulator.edit_by_hand(order.name, order.line_items[0].sku, count)
        except Exception as error:
            assert type(error).__name__ in ("Conflict", "Invalid"), error
            return
        self.only_policy = False

    @precondition(lambda self: self.shop.simulator.world.orders)
    @rule(pick=st.integers(0, 50), place=PLACES, count=st.integers(1, 4))
    def relocate(self, pick: int, place: str, count: int) -> None:
        """A fulfillment order, or a part of it, goes elsewhere, enough there or not."""
        parent = self.order(pick).fulfillment_orders[0]
        lines = [{"id": parent.lines[0].id, "quantity": count}] if count < 3 else None
        self.shop.run(RELOCATE, id=parent.id, place=self.shop.places[place], lines=lines)
        self.only_policy = False

    @precondition(lambda self: self.shop.simulator.world.orders)
    @rule(pick=st.integers(0, 50), count=SMALL)
    def fulfil(self, pick: int, count: int) -> None:
        """Some units leave."""
        parent = self.order(pick).fulfillment_orders[0]
        rows = [{"id": parent.lines[0].id, "quantity": count}]
        given = {"lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": parent.id, "fulfillmentOrderLineItems": rows}]}
        self.shop.run(FULFIL, fulfillment=given)

    @rule(sku=SKUS, place=PLACES, name=st.sampled_from(["available", "on_hand"]), quantity=st.integers(0, 20))
    def count(self, sku: str, place: str, name: str, quantity: int) -> None:
        """A count is set; an on_hand below what is committed makes available negative."""
        given = {"name": name, "reason": "correction", "quantities": [row(self.shop, sku, place, quantity=quantity)]}
        self.shop.act(SET, input=given, key=key())
        self.only_policy = self.only_policy and name == "available"

    @rule(
        sku=SKUS,
        place=PLACES,
        name=st.sampled_from(["damaged", "reserved", "incoming", "safety_stock"]),
        delta=st.integers(-3, 3),
    )
    def adjust(self, sku: str, place: str, name: str, delta: int) -> None:
        """A part of on_hand is adjusted."""
        change = row(self.shop, sku, place, delta=delta, ledgerDocumentUri=LEDGER)
        self.shop.act(ADJUST, input={"name": name, "reason": "correction", "changes": [change]}, key=key())

    @rule(sku=SKUS, count=SMALL, back=st.booleans())
    def reserve(self, sku: str, count: int, back: bool) -> None:
        """Units are held, or let go."""
        place = self.shop.places["East"]
        free = {"locationId": place, "name": "available", "changeFromQuantity": None}
        held = {"locationId": place, "name": "reserved", "changeFromQuantity": None, "ledgerDocumentUri": LEDGER}
        ends = {"from": held, "to": free} if back else {"from": free, "to": held}
        change = {"inventoryItemId": self.shop.variants[sku].inventory_item.id, "quantity": count, **ends}
        given = {"reason": "other", "referenceDocumentUri": LEDGER, "changes": [change]}
        self.shop.act(MOVE, input=given, key=key())
        self.only_policy = self.only_policy and back

    @invariant()
    def states_add_up(self) -> None:
        """on_hand is the sum of its parts, and committed is what open orders have claimed, at each place."""
        state = self.shop.simulator.state()
        committed: dict[tuple[str | None, str], int] = {}
        for order in state["orders"]:
            for line in order["lines"]:
                for part in line["locations"]:
                    assert 0 <= part["committed"] <= part["remaining"] <= part["total"]
                    where = (line["sku"], part["name"])
                    committed[where] = committed.get(where, 0) + part["committed"]
        for level in state["levels"]:
            assert level["on_hand"] == sum(level[name] for name in PARTS)
            assert level["committed"] == committed.pop((level["sku"], level["location"]), 0)
        assert not any(committed.values())

    @invariant()
    def policy_is_kept(self) -> None:
        """While everything went by policy, nothing that must not be oversold ever was."""
        if self.only_policy:
            for level in self.shop.simulator.state()["levels"]:
                if level["inventory_policy"] == "DENY" and level["tracked"]:
                    assert level["lowest_available"] >= 0, level

    @invariant()
    def lines_balance(self) -> None:
        """What a line still wants is what its fulfillment orders still hold."""
        for order in self.shop.simulator.world.orders:
            if order.cancelled_at:
                continue
            for line in order.line_items:
                open_units = sum(
                    part.remaining_quantity
                    for parent in order.fulfillment_orders
                    for part in parent.lines
                    if part.line_item is line
                )
                assert open_units == line.current_quantity - line.fulfilled


AnyShop.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestAnyShop = AnyShop.TestCase
