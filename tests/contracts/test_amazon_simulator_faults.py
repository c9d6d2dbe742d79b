"""Every lie the Amazon simulator tells on demand, and that it tells it when, where and as often as asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from tests.contracts.amazon_vendor import ACKNOWLEDGE, NOW, Vendor, answered, iso, item, open_vendor, order
from trueup.base.errors import Invalid
from trueup.simulators.amazon import AmazonSimulator, Fault, FaultKind, Faults
from trueup.simulators.amazon.control import state
from trueup.simulators.serving import serve

PLACED = order("PO000001")
WHOLE = answered(PLACED, {1: [("Accepted", 24)], 2: [("Accepted", 24)]})
DAY = timedelta(days=1)


def lying(*orders: dict[str, Any], **fault: Any) -> Vendor:
    """A vendor whose simulator tells one lie."""
    vendor = open_vendor(*(orders or [PLACED]))
    vendor.simulator.add_fault(fault)
    return vendor


def accepted(vendor: Vendor, line: int = 1) -> int:
    """Pieces the status shows as accepted."""
    amount: int = vendor.line_status("PO000001", line)["acceptedQuantity"]["amount"]
    return amount


def test_processing_for_ever_is_never_applied() -> None:
    """Accepted at the door, Processing a month later, and no line was touched."""
    vendor = lying(kind="processing_forever")
    transaction = vendor.settled(WHOLE)
    vendor.wait(30 * DAY)
    assert vendor.transaction(transaction["transactionId"])["status"] == "Processing"
    assert accepted(vendor) == 0
    vendor.settled(WHOLE)
    assert accepted(vendor) == 24


def test_applied_late() -> None:
    """Six hours instead of three minutes."""
    vendor = lying(kind="applied_late", seconds=6 * 3600)
    vendor.settled(WHOLE)
    assert accepted(vendor) == 0
    vendor.wait(timedelta(hours=6))
    assert accepted(vendor) == 24


def test_transaction_failure_carries_its_text() -> None:
    """A good acknowledgement fails all the same."""
    transaction = lying(kind="transaction_failure", text="Vendor is blocked.").settled(WHOLE)
    assert (transaction["status"], transaction["errors"][0]["message"]) == ("Failure", "Vendor is blocked.")


def test_partially_applied_leaves_the_other_lines_alone() -> None:
    """Of two lines the first is confirmed, the second is not; the state says it was skipped."""
    vendor = lying(kind="partially_applied")
    assert vendor.settled(WHOLE)["status"] == "Processing"
    assert (accepted(vendor, 1), accepted(vendor, 2)) == (24, 0)
    assert vendor.line_status("PO000001", 2)["confirmationStatus"] == "UNCONFIRMED"
    second = state(vendor.simulator)["orders"][0]["lines"][1]["acknowledgements"]
    assert [entry.outcome.value for entry in second] == ["ignored: fault partially_applied"]


@pytest.mark.parametrize("mode", ["drop", "hang"])
def test_applied_but_the_connection_is_lost(mode: str) -> None:
    """The client sees a broken connection, Amazon holds the acknowledgement: a blind repeat would be a second one."""
    vendor = lying(kind="applied_but_timed_out", operation="submitAcknowledgement", mode=mode, seconds=0.05)
    with pytest.raises(httpx2.TransportError):
        vendor.acknowledge(WHOLE)
    vendor.wait(timedelta(minutes=5))
    assert accepted(vendor) == 24
    assert vendor.http.get("/_simulator/effects").json()["submitted"] == {"PO000001": 1}


def test_a_hanging_reply_outlives_the_clients_patience() -> None:
    """The client's own timeout strikes; the acknowledgement is there."""
    vendor = lying(kind="applied_but_timed_out", mode="hang", seconds=30, operation="submitAcknowledgement")
    with pytest.raises(httpx2.ReadTimeout):
        vendor.send("POST", ACKNOWLEDGE, json={"acknowledgements": [WHOLE]}, timeout=0.2)
    assert state(vendor.simulator)["transactions"][0]["purchase_orders"] == ["PO000001"]


def test_applied_but_answered_with_504() -> None:
    """A gateway's timeout, after the fact."""
    vendor = lying(kind="applied_but_timed_out", mode="504")
    vendor.lies = True
    assert vendor.acknowledge(WHOLE).status_code == 504
    vendor.wait(timedelta(minutes=5))
    assert accepted(vendor) == 24


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_error_does_nothing(status: int) -> None:
    """As declared, before anything is done."""
    vendor = lying(kind="server_error", status=status, purchase_order="PO000001")
    assert vendor.acknowledge(WHOLE).status_code == status
    assert state(vendor.simulator)["transactions"] == []
    assert vendor.acknowledge(WHOLE).status_code == 202


def test_throttled_in_bursts() -> None:
    """As many 429s as asked for, with tokens in the bucket."""
    vendor = lying(kind="throttled", operation="getPurchaseOrder", count=3)
    assert [vendor.order("PO000001").status_code for _ in range(4)] == [429, 429, 429, 200]


def test_a_refused_token() -> None:
    """A good token is refused by an operation; the token endpoint refuses a good client."""
    vendor = lying(kind="token_refused", operation="getPurchaseOrders")
    assert (vendor.order("PO000001").status_code, vendor.orders().status_code) == (200, 403)
    vendor.simulator.add_fault({"kind": "token_refused", "operation": "token"})
    form = {"grant_type": "refresh_token", "client_id": "app", "client_secret": "hidden", "refresh_token": "Atzr|one"}
    refused = vendor.http.post("/auth/o2/token", data=form)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert vendor.http.post("/auth/o2/token", data=form).status_code == 200


def test_a_slow_reply_does_not_hold_up_others() -> None:
    """The reply waits, the simulator does not."""
    vendor = lying(kind="slow", seconds=30, operation="getPurchaseOrders")
    with pytest.raises(httpx2.ReadTimeout):
        vendor.send("GET", "/vendor/orders/v1/purchaseOrders", timeout=0.2)
    assert vendor.order("PO000001").status_code == 200


def test_a_reply_cut_in_half_has_been_carried_out() -> None:
    """A 202 that no JSON reader takes."""
    vendor = lying(kind="malformed_json")
    vendor.lies = True
    reply = vendor.acknowledge(WHOLE)
    assert reply.status_code == 202
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        reply.json()
    assert len(state(vendor.simulator)["transactions"]) == 1


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_duplicates_on_pages_lose_nothing(limit: int) -> None:
    """An order comes twice, every order comes."""
    vendor = lying(*(order(f"PO{i:06}") for i in range(5)), kind="duplicate_orders", count=2)
    vendor.simulator.add_fault({"kind": "duplicate_orders"})
    assert len(vendor.orders(limit=limit).json()["payload"]["orders"]) == max(2, limit)
    found = vendor.numbers(limit=limit)
    assert len(found) > 5
    assert set(found) == {f"PO{i:06}" for i in range(5)}


def test_reordered_pages_lose_nothing() -> None:
    """Random order on the page, the next page goes on where it should."""
    vendor = lying(*(order(f"PO{i:06}") for i in range(40)), kind="reordered_pages", count=None)
    found = vendor.numbers(limit=20)
    newest_first = [f"PO{i:06}" for i in range(39, -1, -1)]
    assert found != newest_first
    assert set(found[:20]) == set(newest_first[:20])
    assert sorted(found, reverse=True) == newest_first


def test_an_empty_page_leads_on() -> None:
    """No orders and a nextToken, at the start and in the middle, on both lists."""
    vendor = lying(*(order(f"PO{i:06}") for i in range(5)), kind="empty_page", operation="getPurchaseOrders")
    first = vendor.orders(limit=2).json()["payload"]
    assert (first["orders"], bool(first["pagination"]["nextToken"])) == ([], True)
    second = vendor.orders(limit=2, nextToken=first["pagination"]["nextToken"]).json()["payload"]
    vendor.simulator.add_fault({"kind": "empty_page", "count": 2})
    rest = vendor.numbers(limit=2, nextToken=second["pagination"]["nextToken"])
    assert [each["purchaseOrderNumber"] for each in second["orders"]] + rest == [f"PO{i:06}" for i in range(4, -1, -1)]


def test_ascending_may_be_refused() -> None:
    """As some vendors saw on the status operation; DESC goes through."""
    vendor = lying(kind="ascending_refused", operation="getPurchaseOrdersStatus", count=None)
    assert vendor.status(sortOrder="ASC").status_code == 400
    assert vendor.status(sortOrder="DESC").status_code == vendor.orders(sortOrder="ASC").status_code == 200


def test_an_order_changed_mid_flight_fails_the_old_answer() -> None:
    """Halved as the acknowledgement arrives: what was right a second ago is above the ordered quantity."""
    vendor = lying(kind="changed_mid_flight")
    assert vendor.settled(WHOLE)["status"] == "Failure"
    content = vendor.order("PO000001").json()["payload"]["orderDetails"]
    assert content["items"][0]["orderedQuantity"]["amount"] == 12
    assert content["purchaseOrderChangedDate"] == iso(NOW)


def test_a_change_mid_flight_may_be_given() -> None:
    """A named change, only for the order it is addressed to."""
    other = order("PO000002")
    vendor = lying(
        PLACED,
        other,
        kind="changed_mid_flight",
        purchase_order="PO000002",
        change={"add": [item(3)], "shipWindow": "2026-12-01T00:00:00Z--2026-12-05T00:00:00Z"},
    )
    vendor.settled(WHOLE)
    assert accepted(vendor) == 24
    vendor.settled(answered(other, {1: [("Accepted", 24)], 2: [("Accepted", 24)]}))
    third = vendor.line_status("PO000002", 3)
    assert third["confirmationStatus"] == "REJECTED"


def test_a_contradicting_status_differs_from_what_was_acknowledged() -> None:
    """Told once: 23 of 24; then the truth again."""
    vendor = lying(kind="contradicts", purchase_order="PO000001")
    assert accepted(vendor) == 1
    vendor.settled(WHOLE)
    vendor.simulator.add_fault({"kind": "contradicts", "purchase_order": "PO000001"})
    status = vendor.line_status("PO000001")
    assert (status["confirmationStatus"], status["acceptedQuantity"]["amount"]) == ("PARTIALLY_ACCEPTED", 23)
    assert accepted(vendor) == 24


def test_receipts_lag_or_are_not_told_when_asked_to_and_are_the_truth_again() -> None:
    """What was counted in two days ago instead of now; nothing at all; then what lies there."""
    vendor = lying(kind="slow", seconds=0.0)
    vendor.settled(WHOLE)
    vendor.simulator.receive("PO000001", {"1": 4})
    vendor.wait(timedelta(days=2))
    vendor.simulator.receive("PO000001", {"1": 3})

    def told() -> dict[str, Any]:
        [status] = vendor.status(purchaseOrderNumber="PO000001").json()["payload"]["ordersStatus"]
        receipt: dict[str, Any] = status["itemStatus"][0].get("receivingStatus", {})
        return receipt

    truth = told()
    assert (truth["receiveStatus"], truth["receivedQuantity"]["amount"]) == ("PARTIALLY_RECEIVED", 7)
    vendor.simulator.add_fault({"kind": "receipts_lag", "purchase_order": "PO000001", "seconds": 86400.0})
    lagging = told()
    assert lagging["receivedQuantity"]["amount"] == 4 and lagging["lastReceiveDate"] < truth["lastReceiveDate"]
    vendor.simulator.add_fault({"kind": "receipts_missing", "purchase_order": "PO000001"})
    assert told() == {}
    assert told() == truth
    vendor.simulator.receive("PO000001", {"1": -2})
    assert told()["receivedQuantity"]["amount"] == 5, "a dock corrects its count"
    with pytest.raises(Invalid, match="less than nothing"):
        vendor.simulator.receive("PO000001", {"1": -6})


def test_a_fault_is_told_only_where_it_is_addressed() -> None:
    """By operation and by order; others hear the truth."""
    vendor = lying(
        PLACED, order("PO000002"), kind="server_error", operation="getPurchaseOrder", purchase_order="PO000002"
    )
    assert vendor.orders().status_code == vendor.order("PO000001").status_code == 200
    assert vendor.status(purchaseOrderNumber="PO000002").status_code == 200
    assert (vendor.order("PO000002").status_code, vendor.order("PO000002").status_code) == (500, 200)
    assert vendor.simulator.faults.told == {"server_error": 1}
    assert vendor.simulator.journal.requests[-2].faults == ("server_error",)


def test_probable_faults_repeat_with_the_seed() -> None:
    """The same seed lies at the same requests, another seed at others."""

    def story(seed: int) -> list[bool]:
        faults = Faults([Fault(kind=FaultKind.THROTTLED, count=None, probability=0.3)])
        AmazonSimulator(seed=seed, faults=faults)
        return [faults.take(FaultKind.THROTTLED, "getPurchaseOrder") is not None for _ in range(200)]

    assert story(1) == story(1) != story(2)
    assert 30 < sum(story(1)) < 90


def test_stopping_does_not_wait_for_a_hanging_reply() -> None:
    """A server with a reply that would come in an hour still stops."""
    simulator = AmazonSimulator(faults=Faults([Fault(kind=FaultKind.SLOW, operation="token", seconds=3600)]))
    simulator.add_vendor_group(client_id="a", client_secret="b", refresh_token="c", vendor_codes=["D"])
    form = {"grant_type": "refresh_token", "client_id": "a", "client_secret": "b", "refresh_token": "c"}
    with serve(simulator.app) as serving, pytest.raises(httpx2.ReadTimeout):
        httpx2.post(f"{serving.url}/auth/o2/token", data=form, timeout=0.2, trust_env=False)
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(serving.url, trust_env=False)
