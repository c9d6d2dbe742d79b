"""Who may ask, over HTTP: tokens, versions, scopes, and what the control plane tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.contracts.shopify_shop import CLIENT_ID, CLIENT_SECRET, CREATE, LEVEL, NOW, OBEYING, PRODUCTS, VARIANT, Shop
from trueup.simulators.serving import serve
from trueup.simulators.shopify import ALL_SCOPES, ShopifySimulator

GRANT = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
URL = "/admin/api/2026-10/graphql.json"


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, ShopifySimulator]]:
    """One served simulator for the tests of HTTP."""
    simulator = ShopifySimulator(3, rate_limit=False)
    simulator.add_app(CLIENT_ID, CLIENT_SECRET)
    with serve(simulator.app) as serving:
        yield serving.url, simulator
    simulator.close()


@pytest.fixture
def client(address: tuple[str, ShopifySimulator]) -> Iterator[httpx2.Client]:
    """A client with a token."""
    with httpx2.Client(base_url=address[0], timeout=10) as client:
        token = client.post("/admin/oauth/access_token", data=GRANT).json()["access_token"]
        client.headers["X-Shopify-Access-Token"] = token
        yield client


def test_the_grant_gives_a_token_of_a_day_with_the_apps_scopes(client: httpx2.Client) -> None:
    """Client credentials: access_token, scope, expires_in."""
    granted = client.post("/admin/oauth/access_token", data=GRANT).json()
    assert granted["expires_in"] == 86399
    assert set(granted["scope"].split(",")) == set(ALL_SCOPES.split())
    answer = client.post(
        URL, json={"query": "{ currentAppInstallation { accessScopes { handle } app { apiKey } } }"}
    ).json()
    found = answer["data"]["currentAppInstallation"]
    assert {scope["handle"] for scope in found["accessScopes"]} == set(ALL_SCOPES.split())
    assert found["app"]["apiKey"] == CLIENT_ID


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"client_secret": "guess"}, "invalid_client"),
        ({"client_id": "nobody"}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_wrong_credentials_get_no_token(client: httpx2.Client, wrong: dict[str, str], error: str) -> None:
    """HTTP 400 and an OAuth error."""
    reply = client.post("/admin/oauth/access_token", data={**GRANT, **wrong})
    assert (reply.status_code, reply.json()["error"]) == (400, error)


def test_a_wrong_or_expired_token_is_told_so(client: httpx2.Client, address: tuple[str, ShopifySimulator]) -> None:
    """401 with Shopify's sentence; a token lives 86399 seconds of the shop's time."""
    text = {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}
    reply = client.post(URL, json={"query": "{ shop { name } }"}, headers={"X-Shopify-Access-Token": "shpat_no"})
    assert (reply.status_code, reply.json()) == (401, text)
    simulator = address[1]
    simulator.set_clock(NOW)
    old = simulator.issue_token(CLIENT_ID)
    asked = {"query": "{ shop { name } }"}
    assert client.post(URL, json=asked, headers={"X-Shopify-Access-Token": old}).status_code == 200
    simulator.set_clock(NOW.replace(day=24, hour=9, minute=59, second=59))
    assert client.post(URL, json=asked, headers={"X-Shopify-Access-Token": old}).status_code == 401
    simulator.set_clock(None)


@pytest.mark.parametrize(
    ("asked", "status", "served"),
    [
        ("2026-10", 200, "2026-10"),
        ("2026-04", 200, "2026-04"),
        ("2025-10", 200, "2026-01"),
        ("2031-01", 404, None),
        ("latest", 404, None),
    ],
)
def test_versions_fall_forward(client: httpx2.Client, asked: str, status: int, served: str | None) -> None:
    """A version that ended is answered by the oldest supported one, and the header says which."""
    reply = client.post(f"/admin/api/{asked}/graphql.json", json={"query": "{ shop { name } }"})
    assert reply.status_code == status
    assert reply.headers.get("X-Shopify-API-Version") == served


def test_bad_requests_are_answered(client: httpx2.Client) -> None:
    """No JSON, no query, syntax errors, unknown fields, unknown paths: an answer each time, and the server stays up."""
    assert client.post(URL, content=b"{").status_code == 400
    assert client.post(URL, json={"variables": {}}).status_code == 400
    assert client.post(URL, content=b"[" * 100_000).status_code == 400
    assert "errors" in client.post(URL, json={"query": "{"}).json()
    unknown = client.post(URL, json={"query": "{ shop { nonsense } }"}).json()
    assert unknown["errors"][0]["extensions"]["code"] == "undefinedField"
    assert client.get(URL).status_code == 405
    assert client.get("/nowhere").status_code == 404
    assert client.post(URL, json={"query": "{ shop { name } }"}).json()["data"]["shop"]["name"] == "trueup-demo"


def test_a_whole_order_over_http(client: httpx2.Client, address: tuple[str, ShopifySimulator]) -> None:
    """Seed by the control plane, order by the API, sell by the control plane, and read the state back."""
    place = client.post("/_simulator/locations", json={"name": "East"}).json()["id"]
    client.post("/_simulator/locations", json={"name": "West"})
    assert len(client.post("/_simulator/products", json=PRODUCTS).json()["products"]) == len(PRODUCTS)
    found = client.post(URL, json={"query": VARIANT, "variables": {"query": "sku:PAN-1"}}).json()
    variant = next(each for each in found["data"]["productVariants"]["nodes"] if each["sku"] == "PAN-1")
    order = {"lineItems": [{"variantId": variant["id"], "quantity": 2}], "poNumber": "PO1"}
    made = client.post(URL, json={"query": CREATE, "variables": {"order": order, "options": OBEYING}}).json()
    assert made["data"]["orderCreate"]["userErrors"] == []
    sold = client.post("/_simulator/sale", json={"sku": "PAN-1", "quantity": 3})
    assert sold.json() == {"order": "#1002"}
    assert client.post("/_simulator/sale", json={"sku": "PAN-1", "quantity": 30}).status_code == 409
    level = client.post(
        URL, json={"query": LEVEL, "variables": {"item": variant["inventoryItem"]["id"], "place": place}}
    ).json()
    counts = {each["name"]: each["quantity"] for each in level["data"]["inventoryItem"]["inventoryLevel"]["quantities"]}
    assert (counts["available"], counts["committed"], counts["on_hand"]) == (0, 5, 5)
    reply = client.get("/_simulator/state")
    state = reply.json()
    assert [each["po_number"] for each in state["orders"]] == ["PO1", None]
    created = [each for each in state["requests"] if each["operations"] == ["orderCreate"]]
    assert [each["order_ids"] for each in created] == [[state["orders"][0]["id"]]]
    assert CLIENT_SECRET not in reply.text
    assert client.headers["X-Shopify-Access-Token"] not in reply.text


def test_the_control_plane_says_what_is_wrong(client: httpx2.Client) -> None:
    """Every bad request is a sentence, and nothing is done."""
    for path, content, status in [
        ("products", {"title": 3}, 422),
        ("products", {"title": "T", "variants": [{"sku": "T", "levels": {"Mars": 1}}]}, 422),
        ("products", {"title": "T", "variants": [{"sku": "T", "price": "1e999"}]}, 422),
        ("faults", {"kind": "nonsense"}, 422),
        ("faults", {"kind": "slow", "speed": 1}, 422),
        ("sale", {"sku": "NO", "quantity": 1}, 404),
        ("sale", {"quantity": 1}, 422),
        ("clock", {"now": 5}, 422),
        ("nothing", {}, 404),
    ]:
        reply = client.post(f"/_simulator/{path}", json=content)
        assert (reply.status_code, bool(reply.json()["error"])) == (status, True), (path, reply.text)
    assert "T" not in {level["sku"] for level in client.get("/_simulator/state").json()["levels"]}


def limited(scopes: str, kind: str = "offline") -> Shop:
    """A shop whose app has some scopes only."""
    shop = Shop()
    shop.simulator.add_app("small", "s", scopes)
    shop.token = shop.simulator.issue_token("small", kind)  # type: ignore[arg-type]
    return shop


@pytest.mark.parametrize(
    ("text", "field", "scope"),
    [
        ("{ orders(first: 1) { nodes { id } } }", "orders", "read_orders"),
        ("{ productVariants(first: 1) { nodes { id } } }", "productVariants", "read_products"),
        ('mutation { tagsAdd(id: "gid://shopify/Order/1", tags: []) { userErrors { message } } }', None, ""),
        (
            'mutation { orderClose(input: {id: "gid://shopify/Order/1"}) { order { id } } }',
            "orderClose",
            "write_orders",
        ),
        (
            'mutation { orderEditBegin(id: "gid://shopify/Order/1") { order: calculatedOrder { id } } }',
            "orderEditBegin",
            "write_order_edits",
        ),
    ],
)
def test_each_operation_demands_its_scope(text: str, field: str | None, scope: str) -> None:
    """ACCESS_DENIED beside null, naming the scope; HTTP 200."""
    shop = limited("read_inventory")
    answer = shop.send(text)
    if field is None:
        assert "errors" not in answer, "an unknown owner is told before its scope"
        return
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert f"`{scope}`" in error["message"]
    assert error["path"] == [field]
    assert not (answer["data"] or {}).get(field)


def test_nested_fields_demand_scopes_too() -> None:
    """write brings read; an order's fulfillment orders and an item's levels have their own scopes."""
    shop = limited("write_orders read_products")
    order = shop.send(CREATE, order={"lineItems": [shop.line("BOOK", 1)]})
    [error] = order["errors"]
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert error["path"] == ["orderCreate", "order", "fulfillmentOrders"]
    assert len(shop.simulator.state()["orders"]) == 1, "what was done stays done"
    item = shop.variants["PAN-1"].inventory_item.id
    assert shop.refused(LEVEL, item=item, place=shop.places["East"])["extensions"]["code"] == "ACCESS_DENIED"
    assert shop.send('{ node(id: "%s") { id } }' % shop.places["East"])["data"]["node"] is None  # noqa: UP031


def test_an_online_token_may_not_create_orders() -> None:
    """orderCreate is for offline tokens alone."""
    shop = limited(ALL_SCOPES, "online")
    order: dict[str, Any] = {"lineItems": [shop.line("BOOK", 1)]}
    error = shop.refused(CREATE, order=order)
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert "offline" in error["message"]
    assert shop.simulator.state()["orders"] == []
