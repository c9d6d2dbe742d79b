"""Every lie the Shopify simulator tells on demand, and that it tells it when, where and as often as asked."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.contracts.shopify_shop import CREATE, ORDER, SEARCH, Shop, codes, key
from trueup.base.errors import Invalid
from trueup.simulators import shopify
from trueup.simulators.serving import serve
from trueup.simulators.shopify.faults import KINDS

URL = "/admin/api/2026-10/graphql.json"


def lying(kind: str, **fault: Any) -> Shop:
    """A shop that tells one lie."""
    shop = Shop()
    shop.simulator.add_fault(kind, **fault)
    return shop


def post(shop: Shop, client: httpx2.Client, quantity: int = 1, sku: str = "BOOK") -> httpx2.Response:
    """An order over HTTP."""
    given = {"query": CREATE, "variables": {"order": {"lineItems": [shop.line(sku, quantity)]}}}
    return client.post(URL, json=given, headers={"X-Shopify-Access-Token": shop.token})


def orders(shop: Shop) -> int:
    """How many orders the shop has."""
    return len(shop.simulator.state()["orders"])


@pytest.mark.parametrize(("status", "expected"), [(0, 500), (503, 503)])
def test_a_server_error_does_nothing(status: int, expected: int) -> None:
    """An error of HTTP before the order, then service goes on."""
    shop = lying("server_error", operation="orderCreate", status=status)
    with serve(shop.simulator.app) as serving, httpx2.Client(base_url=serving.url) as client:
        assert post(shop, client).status_code == expected
        assert orders(shop) == 0
        assert post(shop, client).status_code == 200
    assert orders(shop) == 1


@pytest.mark.parametrize("mode", ["drop", "hang"])
def test_applied_but_the_connection_is_cut(mode: str) -> None:
    """The order is there, the reply is not; the journal says that it was lost."""
    shop = lying("applied_but_timed_out", operation="orderCreate", mode=mode, seconds=0.05)
    with (
        serve(shop.simulator.app) as serving,
        httpx2.Client(base_url=serving.url) as client,
        pytest.raises(httpx2.TransportError),
    ):
        post(shop, client)
    assert orders(shop) == 1
    assert [each["reply_lost"] for each in shop.simulator.state()["requests"]] == [True]


def test_applied_but_a_gateway_timed_out() -> None:
    """504 in HTML, and the order is there."""
    shop = lying("applied_but_timed_out", operation="orderCreate", mode="504")
    with serve(shop.simulator.app) as serving, httpx2.Client(base_url=serving.url) as client:
        assert post(shop, client).status_code == 504
    assert orders(shop) == 1


def test_slow_and_malformed_replies() -> None:
    """A reply that comes after the client's patience, and one cut in half: both were carried out."""
    shop = lying("slow", operation="orderCreate", seconds=3)
    shop.simulator.add_fault("malformed_json", operation="shop")
    with serve(shop.simulator.app) as serving, httpx2.Client(base_url=serving.url) as client:
        client.timeout = httpx2.Timeout(30, read=0.5)
        with pytest.raises(httpx2.ReadTimeout):
            post(shop, client)
        assert orders(shop) == 1
        asked = {"query": "{ shop { name } }"}
        reply = client.post(URL, json=asked, headers={"X-Shopify-Access-Token": shop.token})
        with pytest.raises(ValueError, match=r"."):
            reply.json()


def test_throttle_bursts_do_nothing() -> None:
    """THROTTLED with points in the bucket, as often as asked; then HTTP 429."""
    shop = lying("throttled", operation="orderCreate", count=2)
    for _ in range(2):
        answer = shop.send(CREATE, order={"lineItems": [shop.line("BOOK", 1)]})
        assert answer["errors"][0]["extensions"]["code"] == "THROTTLED"
    shop.simulator.add_fault("too_many_requests")
    assert shop.simulator.answer_graphql(shop.token, b'{"query": "{ shop { name } }"}').status == 429
    assert orders(shop) == 0
    shop.ordered(shop.line("BOOK", 1))


def test_a_good_token_is_refused() -> None:
    """Once at the API, once at the token endpoint."""
    shop = lying("token_refused", operation="graphql")
    assert shop.simulator.answer_graphql(shop.token, b'{"query": "{ shop { name } }"}').status == 401
    assert shop.simulator.answer_graphql(shop.token, b'{"query": "{ shop { name } }"}').status == 200
    shop.simulator.add_fault("token_refused", operation="token")
    grant = b"grant_type=client_credentials&client_id=trueup-app&client_secret=very-hidden"
    assert [shop.simulator.answer_token("", grant).status for _ in range(2)] == [400, 200]


def test_search_lags_longer() -> None:
    """An order takes `seconds` more to be found."""
    shop = lying("search_lag", seconds=600)
    shop.ordered(shop.line("BOOK", 1), poNumber="PO1")
    shop.wait(600)
    assert shop.run(SEARCH, query="po_number:PO1")["orders"]["nodes"] == []
    shop.wait(10)
    assert len(shop.run(SEARCH, query="po_number:PO1")["orders"]["nodes"]) == 1


def test_shopify_picks_the_other_location() -> None:
    """West instead of East, where there is enough too; with one place that has enough there is no other."""
    shop = lying("wrong_location", count=2)
    [parent] = shop.ordered(shop.line("PAN-1", 2))["fulfillmentOrders"]["nodes"]
    assert parent["assignedLocation"]["location"]["name"] == "West"
    assert (shop.stock("PAN-1", "East"), shop.stock("PAN-1", "West")) == ((5, 0, 5), (8, 2, 10))
    [parent] = shop.ordered(shop.line("PAN-1", 8))["fulfillmentOrders"]["nodes"]
    assert parent["assignedLocation"]["location"]["name"] == "West"


def test_shoppers_are_faster() -> None:
    """What was read as available is sold when orderCreate comes: refused, and nothing is oversold."""
    shop = lying("claim_race")
    assert shop.stock("PAN-1-X")[0] == 3
    assert codes(shop.create(shop.line("PAN-1-X", 3))) == ["INVENTORY_CLAIM_FAILED"]
    assert shop.stock("PAN-1-X") == (0, 3, 3)
    [sale] = shop.simulator.state()["orders"]
    assert (sale["source_name"], sale["by_app"]) == ("web", None)
    assert min(level["lowest_available"] for level in shop.simulator.state()["levels"]) == 0


@pytest.mark.parametrize(
    ("mode", "quantity", "tags"), [("cancel", 0, []), ("quantity", 3, []), ("tags", 4, ["checked by hand"])]
)
def test_the_merchant_changes_our_order(mode: str, quantity: int, tags: list[str]) -> None:
    """A minute after it was made; stock follows."""
    shop = lying("edited_by_hand", mode=mode, seconds=60)
    order = shop.ordered(shop.line("PAN-1", 4))
    assert shop.stock("PAN-1") == (1, 4, 5)
    shop.wait(60)
    after = shop.run(ORDER, id=order["id"])["order"]
    assert after["lineItems"]["nodes"][0]["currentQuantity"] == quantity
    assert after["tags"] == tags
    assert (after["cancelledAt"] is not None) == (mode == "cancel")
    assert shop.stock("PAN-1") == (5 - quantity, quantity, 5)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("concurrent_request", "IDEMPOTENCY_CONCURRENT_REQUEST"),
        ("previous_attempt_failed", "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"),
    ],
)
def test_idempotency_that_gets_in_the_way(kind: str, code: str) -> None:
    """Nothing is done, and the next call goes through."""
    shop = lying(kind, operation="inventorySetQuantities")
    where = {"inventoryItemId": shop.variants["PAN-1"].inventory_item.id, "locationId": shop.places["East"]}
    given = {
        "name": "available",
        "reason": "correction",
        "quantities": [{**where, "quantity": 1, "changeFromQuantity": 5}],
    }
    text = """mutation Set($input: InventorySetQuantitiesInput!, $key: String!) {
      inventorySetQuantities(input: $input) @idempotent(key: $key) { userErrors { code } } }"""
    one = key()
    assert codes(shop.payload(text, input=given, key=one)) == [code]
    assert shop.stock("PAN-1") == (5, 0, 5)
    assert codes(shop.payload(text, input=given, key=one)) == []


def test_faults_are_counted_drawn_from_the_seed_and_cleared() -> None:
    """A probability strikes the same requests for the same seed; a kind can be taken back."""

    def struck() -> list[bool]:
        shop = lying("throttled", operation="shop", count=None, probability=0.5)
        return ["errors" in shop.send("{ shop { name } }") for _ in range(40)]

    first = struck()
    assert first == struck()
    assert 5 < sum(first) < 35
    shop = lying("throttled", count=None)
    assert "errors" in shop.send("{ shop { name } }")
    shop.simulator.clear_faults("throttled")
    assert "errors" not in shop.send("{ shop { name } }")
    assert shop.simulator.state()["faults"] == {"active": [], "struck": {"throttled": 1}}
    with pytest.raises(Invalid, match="expected one of"):
        shop.simulator.add_fault("nonsense")


def test_every_lie_is_documented() -> None:
    """The package's own text lists each kind."""
    assert shopify.__doc__ is not None
    assert {line.split("|")[1].strip() for line in shopify.__doc__.splitlines() if line.startswith("| ")} >= set(KINDS)
