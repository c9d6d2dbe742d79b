"""Who may call the Amazon simulator and how often: tokens, roles, budgets, the official client, the control plane."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
import spapi
from spapi.api.vendor_orders_v1.vendor_orders_api import VendorOrdersApi
from spapi.api.vendor_transaction_status_v1.vendor_transaction_api import VendorTransactionApi

from tests.contracts.amazon_vendor import (
    CREDENTIALS,
    NOW,
    ORDERS,
    TRANSACTION,
    Vendor,
    answered,
    iso,
    item,
    open_vendor,
    order,
)
from trueup.simulators.amazon import AmazonSimulator
from trueup.simulators.serving import serve

FORM = {"grant_type": "refresh_token", **CREDENTIALS}


def sign_in(vendor: Vendor, **changes: str) -> httpx2.Response:
    """Ask the token endpoint."""
    return vendor.http.post("/auth/o2/token", data={**FORM, **changes})


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "unknown"}, 401, "invalid_client"),
        ({"refresh_token": "Atzr|unknown"}, 400, "invalid_grant"),
        ({"refresh_token": ""}, 400, "invalid_request"),
        ({"client_id": ""}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_the_token_endpoint_refuses_as_login_with_amazon_does(changes: dict[str, str], status: int, error: str) -> None:
    """Its own error body, not the API's."""
    reply = sign_in(open_vendor(), **changes)
    assert (reply.status_code, reply.json()["error"]) == (status, error)
    assert reply.json()["error_description"]


def test_a_refresh_token_is_good_only_with_its_own_application() -> None:
    """Two applications, two grants: neither may use the other's."""
    vendor = open_vendor()
    other = {"client_id": "app2", "client_secret": "hidden2"}
    vendor.simulator.add_vendor_group(**other, refresh_token="Atzr|two", vendor_codes=["RIVAL"])
    assert sign_in(vendor, **other).json()["error"] == "invalid_grant"
    assert sign_in(vendor, **other, refresh_token="Atzr|two").status_code == 200


def test_a_token_lives_an_hour() -> None:
    """expires_in says so, and the hour later it is 403 Unauthorized."""
    vendor = open_vendor(order("PO000001"))
    reply = sign_in(vendor).json()
    assert (reply["token_type"], reply["expires_in"]) == ("bearer", 3600)
    vendor.token = reply["access_token"]
    vendor.simulator.set_clock(NOW + timedelta(seconds=3599))
    assert vendor.order("PO000001").status_code == 200
    vendor.simulator.set_clock(NOW + timedelta(seconds=3600))
    refused = vendor.order("PO000001")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "Unauthorized")
    assert "expired" in refused.json()["errors"][0]["details"]


def test_nothing_is_answered_without_a_good_token() -> None:
    """Missing or invented: 403 on every operation."""
    vendor = open_vendor(order("PO000001"))
    vendor.token = "Atza|invented"
    for reply in (vendor.orders(), vendor.status(), vendor.order("PO000001"), vendor.acknowledge()):
        assert reply.status_code == 403
    assert vendor.http.get(ORDERS).json()["errors"][0]["code"] == "Unauthorized"


def test_a_missing_role_is_unauthorized() -> None:
    """Transaction status needs Inventory and Order Tracking; a group without any role reads nothing."""
    simulator = AmazonSimulator()
    simulator.add_vendor_group(**CREDENTIALS, vendor_codes=["ACME1"], roles=["Amazon Fulfillment"])
    vendor = Vendor(simulator)
    assert vendor.orders().status_code == 200
    assert vendor.transaction("any")["errors"][0]["code"] == "Unauthorized"
    other = {"client_id": "b", "client_secret": "b", "refresh_token": "b"}
    simulator.add_vendor_group(**other, vendor_codes=["B"], roles=["Pricing"])
    assert Vendor(simulator, other).orders().status_code == 403


def test_the_bucket_holds_ten_and_refills_ten_a_second() -> None:
    """429 QuotaExceeded on the eleventh, for that operation and group alone; simulated time refills it."""
    vendor = open_vendor(order("PO000001"), rate_limit=True)
    assert [vendor.order("PO000001").status_code for _ in range(11)] == [200] * 10 + [429]
    refused = vendor.order("PO000001")
    assert refused.json()["errors"][0]["code"] == "QuotaExceeded"
    assert not {"retry-after", "x-amzn-ratelimit-limit"} & set(refused.headers)
    assert vendor.orders().status_code == 200
    vendor.simulator.set_clock(NOW + timedelta(seconds=0.3))
    assert [vendor.order("PO000001").status_code for _ in range(4)] == [200] * 3 + [429]


def test_transactions_have_a_burst_of_twenty() -> None:
    """The one operation with another plan."""
    vendor = open_vendor(rate_limit=True)
    replies = [vendor.send("GET", f"{TRANSACTION}/none").status_code for _ in range(21)]
    assert replies == [404] * 20 + [429]


def test_the_bucket_may_run_on_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """With rate_clock wall an hour of simulated time refills nothing, half a second of the machine's does."""
    wall = [1000.0]
    monkeypatch.setattr("trueup.simulators.amazon.simulator.monotonic", lambda: wall[0])
    vendor = open_vendor(order("PO000001"), rate_limit=True, rate_clock="wall")
    assert [vendor.order("PO000001").status_code for _ in range(11)] == [200] * 10 + [429]
    vendor.wait(timedelta(hours=1))
    assert vendor.order("PO000001").status_code == 429
    wall[0] += 0.5
    assert [vendor.order("PO000001").status_code for _ in range(6)] == [200] * 5 + [429]


def official(vendor: Vendor) -> Any:
    """The official client, pointed at the simulator."""
    config = spapi.SPAPIConfig(**CREDENTIALS)
    return spapi.SPAPIClient(config, oauth_endpoint=f"{vendor.url}/auth/o2/token", endpoint=vendor.url).api_client


def test_the_official_client_works_for_every_operation() -> None:
    """Amazon's own package reads, acknowledges and reads back over HTTP, and raises its own error for ours."""
    placed = [order(f"PO{i:06}") for i in range(5)]
    vendor = open_vendor(*placed)
    client = official(vendor)
    orders, transactions = VendorOrdersApi(client), VendorTransactionApi(client)
    page = orders.get_purchase_orders(created_after=NOW - timedelta(days=1), limit=3, include_details=True).payload
    assert [each.purchase_order_number for each in page.orders] == ["PO000004", "PO000003", "PO000002"]
    rest = orders.get_purchase_orders(
        created_after=NOW - timedelta(days=1), include_details=True, next_token=page.pagination.next_token
    )
    assert len(rest.payload.orders) == 2
    one = orders.get_purchase_order("PO000001").payload
    assert one.order_details.items[0].net_cost.amount == "12.50"
    body = {"acknowledgements": [answered(placed[1], {1: [("Accepted", 24)], 2: [("Accepted", 24)]})]}
    transaction_id = orders.submit_acknowledgement(body=body).payload.transaction_id
    vendor.wait(timedelta(minutes=5))
    assert transactions.get_transaction(transaction_id).payload.transaction_status.status == "Processing"
    status = orders.get_purchase_orders_status(purchase_order_number="PO000001").payload.orders_status[0]
    assert status.item_status[1].acknowledgement_status.confirmation_status == "ACCEPTED"
    with pytest.raises(spapi.ApiException) as refused:
        orders.get_purchase_order("NOTTHERE")
    assert refused.value.status == 404


def test_the_control_plane_drives_a_scenario_over_http() -> None:
    """Groups, orders, changes, receipts, faults and the clock, as the demo and an auditor use them."""
    simulator = AmazonSimulator(rate_limit=False)
    with (
        serve(simulator.app) as serving,
        httpx2.Client(base_url=f"{serving.url}/_simulator", trust_env=False) as control,
    ):
        group = control.post("/vendor_groups", json={**CREDENTIALS, "vendor_codes": ["ACME1"]}).json()["vendor_group"]
        assert control.post("/clock", json={"now": iso(NOW)}).json() == {"now": iso(NOW), "next_event": None}
        placed = {"orders": [order("PO000001"), order("PO000002")], "vendor_group": group, "irregular": True}
        assert control.post("/orders", json=placed).json() == {"added": ["PO000001", "PO000002"]}
        change = {"lines": [{"itemSequenceNumber": "1", "amount": 30, "netCost": "11.00"}], "add": [item(3)]}
        changed = control.post("/orders/PO000001/change", json=change).json()
        assert [line["ordered"] for line in changed["lines"]] == [30, 24, 24]
        assert changed["changed_at"] == iso(NOW)
        assert control.post("/orders/PO000001/receive", json={"1": 5}).json()["lines"][0]["received"] == 5
        assert control.post("/orders/PO000002/close").json()["state"] == "Closed"
        told = control.post("/faults", json=[{"kind": "slow", "seconds": 0}, {"kind": "throttled"}]).json()
        assert [fault["kind"] for fault in told["active"]] == ["slow", "throttled"]
        assert len(control.post("/faults", json={"clear": "slow"}).json()["active"]) == 1
        assert control.post("/faults", json={"clear": True}).json()["active"] == []
        assert (
            control.post("/clock", json={"now": iso(NOW - timedelta(days=1))}).json()["now"] == "2026-11-22T10:00:00Z"
        )
        assert control.get("/orders/PO000001").json() == control.get("/state").json()["orders"][0]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("orders", {"purchaseOrderNumber": "X"}, 422),
        ("orders", {"orders": [order("PO000001")]}, 409),
        ("orders", {"orders": [order("NEW"), order("NEW")]}, 409),
        ("orders", order("NEW", sellingParty={"partyId": "NOBODY"}), 422),
        ("orders", order("NEW", item(1), item(1)), 422),
        ("orders", order("NEW", item(1, itemSequenceNumber="one")), 422),
        ("orders/UNKNOWN/close", None, 404),
        ("orders/PO000001/change", {"lines": [{"itemSequenceNumber": "7", "amount": 1}]}, 422),
        ("orders/PO000001/change", {"add": [item(1)]}, 422),
        ("orders/PO000001/receive", {"1": "many"}, 422),
        ("clock", {"now": "noon"}, 422),
        ("faults", {"kind": "gremlins"}, 422),
        ("faults", {"kind": "slow", "operation": "getOrders"}, 422),
        ("faults", {"kind": "slow", "count": 0}, 422),
        ("vendor_groups", {"refresh_token": "x"}, 422),
        ("vendor_groups", {**CREDENTIALS, "vendor_codes": ["OTHER"]}, 409),
        ("nothing", {}, 404),
    ],
)
def test_a_wrong_scenario_is_told_what_is_wrong(path: str, body: Any, status: int) -> None:
    """A sentence, the right status, and nothing is changed by it."""
    vendor = open_vendor(order("PO000001"))
    before = vendor.http.get("/_simulator/state").json()
    reply = vendor.http.post(f"/_simulator/{path}", json=body)
    assert (reply.status_code, set(reply.json())) == (status, {"error"})
    assert vendor.http.get("/_simulator/state").json() == before


def test_the_journal_counts_every_request_and_keeps_no_secret() -> None:
    """Method, path, operation, group, status, time; totals over all; no token, secret or paging token anywhere."""
    vendor = open_vendor(*(order(f"PO{i:06}") for i in range(3)))
    first = vendor.orders(limit=2).json()["payload"]
    vendor.orders(limit=2, nextToken=first["pagination"]["nextToken"])
    vendor.order("PO999999")
    vendor.lies = True
    vendor.send("GET", "/vendor/unknown/v1/things")
    text = vendor.http.get("/_simulator/state").text
    for secret in (vendor.token, *CREDENTIALS.values(), first["pagination"]["nextToken"]):
        assert f'"{secret}"' not in text
    totals = vendor.http.get("/_simulator/effects").json()["totals"]
    assert totals == {
        "getPurchaseOrder": {"404": 1},
        "getPurchaseOrders": {"200": 2},
        "token": {"200": 1},
        "unknown": {"404": 1},
    }
    since = vendor.http.get("/_simulator/state", params={"requests_after": 4, "purchase_order": "PO000001"}).json()
    assert [request["number"] for request in since["requests"]] == [5]
    assert [each["purchase_order"] for each in since["orders"]] == ["PO000001"]
    last = vendor.simulator.journal.requests[-2]
    assert (last.method, last.path, last.status) == ("GET", f"{ORDERS}/PO999999", 404)
    assert (last.operation, last.vendor_group, last.at) == ("getPurchaseOrder", "amzn1.vg.1", NOW)


def test_a_seed_repeats_every_identifier() -> None:
    """Two simulators of one seed answer the same requests with the same bytes and request ids."""

    def story() -> list[tuple[bytes, str]]:
        placed = order("PO000001")
        vendor = open_vendor(placed)
        replies = [vendor.orders(limit=1), vendor.acknowledge(answered(placed, {1: [("Accepted", 1)]}))]
        return [(reply.content, reply.headers["x-amzn-requestid"]) for reply in replies]

    assert story() == story()


def test_many_threads_may_use_it_at_once() -> None:
    """Orders placed and acknowledged from eight threads are all there, once."""
    vendor = open_vendor()

    def work(worker: int) -> None:
        for index in range(20):
            placed = order(f"W{worker}{index:06}", item(1))
            vendor.simulator.add_orders(placed)
            vendor.acknowledge(answered(placed, {1: [("Accepted", 24)]}))

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    vendor.wait(timedelta(minutes=5))
    applied = vendor.http.get("/_simulator/effects").json()["applied"]
    assert len(applied) == 160
    assert set(applied.values()) == {1}


def test_without_a_set_clock_the_source_of_time_is_followed() -> None:
    """A shared clock drives it; setting stops it, null releases it."""
    moment = NOW

    def now() -> datetime:
        return moment

    simulator = AmazonSimulator(now=now)
    moment = NOW + timedelta(hours=1)
    assert simulator.now() == moment
    assert simulator.set_clock(NOW) == simulator.now() == NOW
    assert simulator.set_clock(None) == moment
