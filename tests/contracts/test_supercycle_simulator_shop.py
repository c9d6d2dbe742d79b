"""Supercycle as an app of the Shopify simulator, over HTTP alone: imports, orders, fulfilments, metafields, Flow's requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from tests.contracts.shopify_shop import NOW, Shop
from tests.contracts.supercycle_account import KEY
from tests.contracts.test_shopify_simulator_webhooks import Listener
from trueup.simulators.serving import serve
from trueup.simulators.shopify import ALL_SCOPES
from trueup.simulators.supercycle import Fault, SupercycleSimulator, Workflow

APP, SECRET = "supercycle", "its-own-secret"
TOPICS = ("ORDERS_CREATE", "ORDERS_UPDATED", "ORDERS_CANCELLED")
CYCLE = {"method_type": "calendar", "rental_start": "2026-12-08", "rental_end": "2026-12-10"}
PRODUCT = """
query Product($id: ID!) { product(id: $id) { tags
  enabled: metafield(namespace: "supercycle", key: "supercycle_enabled") { value }
  total: metafield(namespace: "supercycle", key: "total_uncommitted_inventory") { value }
  variants(first: 5) { nodes { sku inventoryItem { tracked }
    count: metafield(namespace: "supercycle", key: "uncommitted_inventory_count") { value } } } } }"""


class Joined:
    """A shop, a Supercycle account that is an app of it, and both clocks as one."""

    def __init__(self, shop: Shop, simulator: SupercycleSimulator) -> None:
        self.shop, self.simulator = shop, simulator
        self.pan = shop.variants["PAN-1"]

    def pass_on(self, **time: float) -> None:
        """Let time pass, and what is due on both sides arrive."""
        moment = self.shop.simulator.now() + timedelta(**time)
        for one in (self.shop.simulator, self.simulator):
            one.set_clock(moment)
        while self.shop.simulator.deliver_due() + self.simulator.deliver_due():
            pass

    def imported(self) -> None:
        """The product Pan is imported, as a client of the API would ask for it."""
        self.simulator.shop.start_import(self.pan.product.legacy_resource_id)
        self.pass_on(minutes=2)

    def product(self) -> dict[str, Any]:
        """What the shop knows of it."""
        found: dict[str, Any] = self.shop.run(PRODUCT, id=self.pan.product.id)["product"]
        return found

    def cycles(self) -> list[dict[str, Any]]:
        """The cycles as the API shows them."""
        head = {"authorization": f"Bearer {KEY}"}
        reply = httpx2.get(f"{self.url}/api/v1/rentals", headers=head, trust_env=False)
        found: list[dict[str, Any]] = reply.raise_for_status().json()["data"]
        return found

    url = ""


@pytest.fixture
def joined() -> Iterator[Joined]:
    """Both served; Supercycle's own app gets the shop's webhooks by its configuration."""
    shop = Shop()
    simulator = SupercycleSimulator(5, now=lambda: NOW, rate_limit=False, deliver_in_background=False, spelling="camel")
    simulator.set_clock(NOW)
    simulator.add_key("trueup", KEY)
    shop.simulator.add_app(APP, SECRET, ALL_SCOPES)
    with serve(shop.simulator.app) as shop_serving, serve(simulator.app) as serving:
        for topic in TOPICS:
            shop.simulator.subscribe(APP, topic, f"{serving.url}/webhooks/shopify")
        simulator.connect_shop(shop_serving.url, APP, SECRET)
        joined = Joined(shop, simulator)
        joined.url = serving.url
        yield joined
    simulator.close()
    shop.simulator.close()


def test_an_import_takes_the_product_out_of_the_shops_counting(joined: Joined) -> None:
    """Tracking off for every variant, the marker, the tag; what the shop counted became items; a plain sale touches none."""
    joined.simulator.shop.start_import(joined.pan.product.legacy_resource_id)
    joined.pass_on(seconds=59)
    assert joined.product()["variants"]["nodes"][0]["inventoryItem"]["tracked"] is True
    joined.pass_on(seconds=2)
    shown = joined.product()
    assert {each["inventoryItem"]["tracked"] for each in shown["variants"]["nodes"]} == {False}
    assert shown["enabled"]["value"] == "true"
    assert "Supercycle product" in shown["tags"]
    assert len(joined.simulator.variant(joined.pan.legacy_resource_id).items) == 15, "5 East and 10 West"
    joined.shop.simulator.sell("PAN-1", 40)
    joined.pass_on(seconds=1)
    assert joined.cycles() == []
    assert joined.shop.stock("PAN-1") == (5, 0, 5), "nobody counts it: the sale claims nothing anywhere"


def test_an_order_line_with_a_cycle_becomes_one_cycle_a_unit(joined: Joined) -> None:
    """Order, line and name are kept; the item is chosen by Supercycle; the repeat of a webhook makes none."""
    joined.imported()
    joined.shop.simulator.add_fault("webhook_duplicate", operation="ORDERS_CREATE")
    order = joined.shop.simulator.sell("PAN-1", 2, {"_cycle": json.dumps(CYCLE)})
    joined.pass_on(seconds=1)
    cycles = joined.cycles()
    assert len(cycles) == 2
    assert {each["shopifyOrderName"] for each in cycles} == {order.name}
    assert {each["shopifyOrderLineId"] for each in cycles} == {order.line_items[0].legacy_resource_id}
    assert len({each["itemId"] for each in cycles}) == 2
    joined.shop.simulator.sell("PAN-1", 1, {"_cycle": "{not json"})
    joined.shop.simulator.sell("PAN-1", 1, {"_cycle": json.dumps({"method_type": "calendar"})})
    joined.pass_on(seconds=1)
    assert len(joined.cycles()) == 2, "a property that cannot be read makes no cycle"


def test_a_cycle_follows_its_order(joined: Joined) -> None:
    """Fulfilled in the shop it is fulfilled here, and only then is its item committed; a line taken off cancels it."""
    joined.imported()
    order = joined.shop.simulator.sell("PAN-1", 3, {"_cycle": json.dumps(CYCLE)})
    joined.pass_on(seconds=1)
    joined.shop.simulator.edit_by_hand(order.name, "PAN-1", 2)
    joined.pass_on(seconds=1)
    assert sorted(each["status"] for each in joined.cycles()) == ["cancelled", "scheduled", "scheduled"]
    assert all(item.active_rental_id is None for item in joined.simulator.world.items.values())
    joined.shop.simulator.fulfil_by_hand(order.name)
    joined.pass_on(seconds=1)
    assert sorted(each["status"] for each in joined.cycles()) == ["cancelled", "fulfilled", "fulfilled"]
    assert sum(item.active_rental_id is not None for item in joined.simulator.world.items.values()) == 2
    other = joined.shop.simulator.sell("PAN-1", 1, {"_cycle": json.dumps({"method_type": "resale"})})
    joined.pass_on(seconds=1)
    joined.shop.simulator.cancel_by_hand(other.name)
    joined.pass_on(seconds=1)
    assert [each["status"] for each in joined.cycles() if each["methodType"] == "resale"] == ["cancelled"]


def test_metafields_lag_and_some_are_never_written(joined: Joined) -> None:
    """They follow minutes later, once for many changes; a lost one stays wrong until the next change."""
    joined.imported()
    joined.pass_on(minutes=5)
    assert joined.product()["variants"]["nodes"][0]["count"]["value"] == "15"
    joined.shop.simulator.sell("PAN-1", 1, {"_cycle": json.dumps(CYCLE)})
    joined.pass_on(seconds=1)
    joined.simulator.fulfil(next(iter(joined.simulator.world.rentals)))
    joined.simulator.faults.add(Fault("metafield_lost", operation="product"))
    joined.pass_on(minutes=4)
    assert joined.product()["variants"]["nodes"][0]["count"]["value"] == "15"
    joined.pass_on(minutes=2)
    shown = joined.product()
    assert shown["variants"]["nodes"][0]["count"]["value"] == "14"
    assert shown["total"]["value"] == "18", "15 and 3 of the other variant: the product's own was lost"
    sent = [each["status"] for each in joined.simulator.outbox.listing() if each["kind"] == "metafields"]
    assert set(sent) == {"sent"}


def test_what_the_merchant_turns_back_on_is_counted_again(joined: Joined) -> None:
    """The marker stays: tracked is no sign of who owns a product."""
    joined.imported()
    joined.shop.simulator.track_by_hand("PAN-1", True)
    shown = joined.product()
    assert (shown["variants"]["nodes"][0]["inventoryItem"]["tracked"], shown["enabled"]["value"]) == (True, "true")


def test_a_shops_webhook_must_be_signed_and_may_be_missed(joined: Joined) -> None:
    """401 to anybody else; order_missed acts late or never."""
    reply = httpx2.post(f"{joined.url}/webhooks/shopify", content=b"{}", trust_env=False)
    assert reply.status_code == 401
    joined.imported()
    joined.simulator.add_fault("order_missed", operation="orders/create", seconds=600)
    joined.shop.simulator.sell("PAN-1", 1, {"_cycle": json.dumps(CYCLE)})
    joined.pass_on(seconds=1)
    assert joined.cycles() == []
    joined.pass_on(minutes=10)
    assert len(joined.cycles()) == 1
    joined.simulator.add_fault("order_missed")
    joined.shop.simulator.sell("PAN-1", 1, {"_cycle": json.dumps(CYCLE)})
    joined.pass_on(hours=5)
    assert len(joined.cycles()) == 1


def test_a_shop_that_refuses_is_asked_again(joined: Joined) -> None:
    """Throttled writes are repeated after a while, and the import comes about."""
    joined.shop.simulator.add_fault("throttled", operation="metafieldsSet")
    joined.imported()
    assert joined.simulator.world.variants == {}
    joined.pass_on(minutes=2)
    assert joined.product()["variants"]["nodes"][0]["inventoryItem"]["tracked"] is False
    assert len(joined.simulator.variant(joined.pan.legacy_resource_id).items) == 15


def test_flow_tells_a_url_in_words_of_its_own(joined: Joined) -> None:
    """The merchant's header and body; ids and statuses that the API does not use; late, twice or never on demand."""
    listener = Listener()
    with serve(listener) as serving:
        head = {"x-trueup-secret": "shared"}
        body = '{"rental": "{{ rental.id }}", "is": "{{ rental.status }}", "gone": "{{ rental.nothing }}"}'
        joined.simulator.add_workflow(Workflow("cycle_created", f"{serving.url}/flow", body, head))
        back = '{"return": "{{ returnOrder.formattedId }}", "is": "{{returnOrder.receivalStatus}}"}'
        joined.simulator.add_workflow(Workflow("return_updated", f"{serving.url}/flow", back, head))
        joined.imported()
        joined.shop.simulator.sell("PAN-1", 1, {"_cycle": json.dumps(CYCLE)})
        joined.pass_on(seconds=1)
        assert listener.heard == [], "Flow takes its time"
        joined.pass_on(seconds=5)
        [number] = joined.simulator.world.rentals
        assert listener.bodies() == [{"rental": f"gid://supercycle/Rental/{number}", "is": "upcoming", "gone": ""}]
        assert listener.heard[0][0]["x-trueup-secret"] == "shared"
        listener.heard.clear()
        joined.simulator.add_fault("flow_lost", operation="cycle_created")
        joined.simulator.add_fault("flow_duplicate", operation="cycle_created")
        joined.simulator.add_fault("flow_delayed", operation="return_updated", seconds=60)
        for _ in range(2):
            joined.shop.simulator.sell("PAN-1", 1, {"_cycle": json.dumps(CYCLE)})
            joined.pass_on(seconds=1)
            joined.pass_on(seconds=5)
        assert len(listener.heard) == 2, "the first lost, the second twice"
        listener.heard.clear()
        joined.simulator.fulfil(number)
        joined.simulator.receive(number)
        joined.pass_on(minutes=2)
        assert listener.bodies()[-1] == {"return": "#2001", "is": "received"}, "the API says partially or received"
        listener.status = 503
        listener.heard.clear()
        joined.shop.simulator.sell("PAN-1", 1, {"_cycle": json.dumps(CYCLE)})
        joined.pass_on(seconds=1)
        joined.pass_on(seconds=5)
        listener.status = 200
        joined.pass_on(minutes=1)
        assert len(listener.heard) == 2, "refused once, repeated"
