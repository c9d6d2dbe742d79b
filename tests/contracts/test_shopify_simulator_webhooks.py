"""Webhooks: signed, shaped, repeated, out of order, lost, and retried until Shopify gives up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.contracts.shopify_shop import CLIENT_ID, CLIENT_SECRET, ORDER, Shop, key
from trueup.simulators.serving import Receive, Scope, Send, serve
from trueup.simulators.shopify.webhooks import RETRIES, RETRY_SPAN, retry_delay

SUBSCRIBE = """
mutation Subscribe($topic: WebhookSubscriptionTopic!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $subscription) {
    webhookSubscription { id topic uri format includeFields } userErrors { field message }
  }
}"""


class Listener:
    """An app's webhook address: keeps what arrives, and answers as told."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        self.arrived = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.heard.append(({name.decode().lower(): value.decode() for name, value in scope["headers"]}, body))
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        self.arrived.set()

    def bodies(self) -> list[dict[str, Any]]:
        """What was said."""
        return [msgspec.json.decode(body) for _, body in self.heard]

    def topics(self) -> list[str]:
        """What it was about."""
        return [headers["x-shopify-topic"] for headers, _ in self.heard]


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A served listener; its address is `url`."""
    app = Listener()
    with serve(app) as serving:
        app.url = serving.url  # type: ignore[attr-defined]
        yield app


def subscribed(listener: Any, *topics: str, **choices: Any) -> Shop:
    """A shop whose app listens to topics."""
    shop = Shop(**choices)
    for topic in topics:
        shop.act(SUBSCRIBE, topic=topic, subscription={"uri": f"{listener.url}/hooks"})
    return shop


def test_deliveries_are_signed_with_the_documented_headers(listener: Any) -> None:
    """HMAC-SHA256 of the raw body under the client secret; ids that tell deliveries and events apart."""
    shop = subscribed(listener, "ORDERS_CREATE", "INVENTORY_LEVELS_UPDATE")
    order = shop.ordered(shop.line("PAN-1", 2), poNumber="PO1", tags=["x", "a"])
    assert shop.simulator.deliver_due() == 2
    for headers, body in listener.heard:
        digest = hmac.new(CLIENT_SECRET.encode(), body, hashlib.sha256).digest()
        assert headers["x-shopify-hmac-sha256"] == base64.b64encode(digest).decode()
        assert headers["x-shopify-shop-domain"] == "trueup-demo.myshopify.com"
        assert headers["x-shopify-api-version"] == "2026-10"
        assert headers["x-shopify-triggered-at"] == "2026-11-23T10:00:00Z"
    assert sorted(listener.topics()) == ["inventory_levels/update", "orders/create"]
    assert len({headers["x-shopify-webhook-id"] for headers, _ in listener.heard}) == 2
    assert len({headers["x-shopify-event-id"] for headers, _ in listener.heard}) == 1, "one action, one event"
    by_topic = dict(zip(listener.topics(), listener.bodies(), strict=True))
    told = by_topic["orders/create"]
    assert (told["admin_graphql_api_id"], told["po_number"], told["tags"]) == (order["id"], "PO1", "a, x")
    assert told["line_items"][0]["sku"] == "PAN-1"
    level = by_topic["inventory_levels/update"]
    assert level["available"] == 3
    assert not {"on_hand", "committed"} & level.keys()
    assert level["inventory_item_id"] == shop.variants["PAN-1"].inventory_item.legacy_resource_id


def test_what_happens_to_an_order_is_told(listener: Any) -> None:
    """Created, edited (with what was added and taken), updated, cancelled."""
    shop = subscribed(listener, "ORDERS_CREATE", "ORDERS_UPDATED", "ORDERS_EDITED", "ORDERS_CANCELLED")
    order = shop.ordered(shop.line("PAN-1", 4))
    shop.simulator.edit_by_hand(order["name"], "PAN-1", 3)
    shop.simulator.cancel_by_hand(order["name"])
    shop.simulator.deliver_due()
    expected = ["orders/create", "orders/edited", "orders/updated", "orders/cancelled", "orders/updated"]
    assert listener.topics() == expected
    line = int(order["lineItems"]["nodes"][0]["id"].rsplit("/", 1)[1])
    assert listener.bodies()[1]["order_edit"]["line_items"] == {"additions": [], "removals": [{"id": line, "delta": 1}]}
    assert listener.bodies()[3]["cancelled_at"] == "2026-11-23T10:00:00Z"
    assert shop.run(ORDER, id=order["id"])["order"]["cancelledAt"] == "2026-11-23T10:00:00Z"


def test_a_failed_delivery_is_retried_eight_times_over_four_hours(listener: Any) -> None:
    """The same webhook id and body each time; then the subscription made by mutation is gone, that of the app's settings stays."""
    assert sum((retry_delay(attempt) for attempt in range(1, RETRIES + 1)), start=RETRY_SPAN * 0) == RETRY_SPAN
    shop = subscribed(listener, "ORDERS_CREATE")
    shop.simulator.subscribe(CLIENT_ID, "ORDERS_CREATE", f"{listener.url}/settings")
    listener.status = 503
    shop.ordered(shop.line("BOOK", 1))
    waits = [0.0]
    assert shop.simulator.deliver_due() == 2
    while (due := shop.simulator.postbox.next_due()) is not None:
        waits.append((due - shop.simulator.now()).total_seconds())
        shop.simulator.set_clock(due)
        shop.simulator.deliver_due()
    assert len(listener.heard) == 2 * (RETRIES + 1)
    assert abs(sum(waits) - RETRY_SPAN.total_seconds()) < 1
    assert len({headers["x-shopify-webhook-id"] for headers, _ in listener.heard}) == 2
    assert len({body for _, body in listener.heard}) == 1
    state = shop.simulator.state()
    assert {each["status"] for each in state["webhooks"]} == {"failed"}
    assert [each["from_config"] for each in state["subscriptions"]] == [True]


def test_a_retry_that_succeeds_ends_it(listener: Any) -> None:
    """Delivered on the second attempt, and no more."""
    shop = subscribed(listener, "ORDERS_CREATE")
    listener.status = 500
    shop.ordered(shop.line("BOOK", 1))
    shop.simulator.deliver_due()
    listener.status = 200
    shop.wait(3600)
    assert shop.simulator.deliver_due() == 1
    [delivery] = shop.simulator.state()["webhooks"]
    assert (delivery["status"], delivery["attempts"], delivery["replies"]) == ("delivered", 2, [500, 200])
    assert shop.simulator.postbox.next_due() is None


def test_duplicates_reordering_and_loss_on_demand(listener: Any) -> None:
    """One id twice; a later event first; nothing at all, which the state still tells."""
    shop = subscribed(listener, "ORDERS_CREATE")
    shop.simulator.add_fault("webhook_duplicate", operation="ORDERS_CREATE")
    shop.ordered(shop.line("BOOK", 1))
    shop.simulator.deliver_due()
    ids = [headers["x-shopify-webhook-id"] for headers, _ in listener.heard]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    listener.heard.clear()
    shop.simulator.add_fault("webhook_reorder")
    shop.ordered(shop.line("BOOK", 1))
    assert shop.simulator.deliver_due() == 0
    shop.ordered(shop.line("BOOK", 1))
    shop.simulator.deliver_due()
    assert [body["name"] for body in listener.bodies()] == ["#1003", "#1002"]
    listener.heard.clear()
    shop.simulator.add_fault("webhook_reorder")
    shop.ordered(shop.line("BOOK", 1))
    shop.wait(60)
    assert shop.simulator.deliver_due() == 1, "with nothing to let pass it comes late"
    listener.heard.clear()
    shop.simulator.add_fault("webhook_lost")
    shop.ordered(shop.line("BOOK", 1))
    shop.wait(10_000)
    assert shop.simulator.deliver_due() == 0
    assert shop.simulator.state()["webhooks"][-1]["status"] == "lost"


def test_deliveries_go_by_themselves_and_replies_do_not_wait(listener: Any) -> None:
    """The background thread delivers while the shop goes on."""
    shop = subscribed(listener, "ORDERS_CREATE", deliver_in_background=True)
    shop.ordered(shop.line("BOOK", 1))
    assert listener.arrived.wait(10)
    shop.simulator.close()
    assert listener.topics() == ["orders/create"]


def test_include_fields_cut_the_body(listener: Any) -> None:
    """Only the named fields are told."""
    shop = Shop()
    uri = f"{listener.url}/hooks"
    shop.act(SUBSCRIBE, topic="ORDERS_CREATE", subscription={"uri": uri, "includeFields": ["id", "updated_at"]})
    shop.ordered(shop.line("BOOK", 1))
    shop.simulator.deliver_due()
    assert listener.bodies()[0].keys() == {"id", "updated_at"}


def test_subscriptions_are_listed_refused_and_deleted(listener: Any) -> None:
    """Blank, doubled, unsafe or without the scope: refused; deleted ones hear nothing."""
    shop = subscribed(listener, "ORDERS_CREATE")
    uri = f"{listener.url}/hooks"
    for bad in ("", "http://example.com/hooks", "ftp://example.com"):
        assert shop.payload(SUBSCRIBE, topic="ORDERS_CREATE", subscription={"uri": bad})["userErrors"]
    assert (
        "taken" in shop.payload(SUBSCRIBE, topic="ORDERS_CREATE", subscription={"uri": uri})["userErrors"][0]["message"]
    )
    shop.act(SUBSCRIBE, topic="ORDERS_UPDATED", subscription={"uri": "https://example.com/hooks"})
    listing = "{ webhookSubscriptions(first: 5) { nodes { id topic uri apiVersion { handle } } } }"
    found = shop.run(listing)["webhookSubscriptions"]["nodes"]
    assert [each["topic"] for each in found] == ["ORDERS_CREATE", "ORDERS_UPDATED"]
    delete = """mutation Delete($id: ID!) {
      webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { message } } }"""
    shop.act(delete, id=found[0]["id"])
    assert shop.payload(delete, id=found[0]["id"])["userErrors"]
    shop.ordered(shop.line("BOOK", 1))
    assert shop.simulator.deliver_due() == 0
    shop.simulator.add_app("small", "s", "read_products")
    shop.token = shop.simulator.issue_token("small")
    refused = shop.payload(SUBSCRIBE, topic="ORDERS_CREATE", subscription={"uri": uri})
    assert "read_orders" in refused["userErrors"][0]["message"]


def test_own_inventory_writes_echo(listener: Any) -> None:
    """An app hears of what it has itself set."""
    shop = subscribed(listener, "INVENTORY_LEVELS_UPDATE")
    where = {"inventoryItemId": shop.variants["PAN-1"].inventory_item.id, "locationId": shop.places["East"]}
    rows = [{**where, "changeFromQuantity": 5, "quantity": 9}]
    text = """mutation Set($input: InventorySetQuantitiesInput!, $key: String!) {
      inventorySetQuantities(input: $input) @idempotent(key: $key) { userErrors { code } } }"""
    shop.act(text, input={"name": "available", "reason": "correction", "quantities": rows}, key=key())
    shop.simulator.deliver_due()
    assert [body["available"] for body in listener.bodies()] == [9]
