"""Reading orders from the Amazon simulator: filters, windows, pages, isolation, irregular samples."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.contracts.amazon_vendor import NOW, Vendor, answered, iso, item, open_vendor, order
from tests.contracts.published import spapi_model, validate_response

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEK: dict[str, Any] = {"createdAfter": iso(NOW - 7 * DAY), "createdBefore": iso(NOW)}


def test_an_order_reads_back_as_it_was_placed() -> None:
    """What a scenario places is what the list and the single read return, field by field."""
    placed = order("PO000001", item(1, netCost={"amount": "12.5000", "currencyCode": "USD"}), dealCode="D1")
    vendor = open_vendor(placed)
    assert vendor.order("PO000001").json()["payload"] == placed
    assert vendor.orders(**WEEK).json()["payload"] == {"orders": [placed]}
    assert vendor.orders(**WEEK, includeDetails="false").json()["payload"]["orders"] == [
        {"purchaseOrderNumber": "PO000001", "purchaseOrderState": "New"}
    ]


def test_windows_are_open_at_both_ends() -> None:
    """After and before are meant literally: an order at the very edge is in neither window."""
    vendor = open_vendor(order("PO000001", placed=NOW - HOUR))
    edge, before, after = iso(NOW - HOUR), iso(NOW - 2 * HOUR), iso(NOW)
    assert vendor.numbers(createdAfter=edge, createdBefore=after) == []
    assert vendor.numbers(createdAfter=before, createdBefore=edge) == []
    assert vendor.numbers(createdAfter=before, createdBefore=after) == ["PO000001"]
    assert vendor.numbers(createdAfter=before) == ["PO000001"]
    assert vendor.numbers() == ["PO000001"]


def test_windows_of_change_and_update_are_open_at_both_ends_too() -> None:
    """Changed and updated at ten o'clock: not after ten, not before ten."""
    vendor = open_vendor(order("PO000001", placed=NOW - DAY))
    vendor.simulator.change_order("PO000001", {"lines": [{"itemSequenceNumber": "1", "amount": 1}]})
    vendor.wait(HOUR)
    edge, before, after = iso(NOW), iso(NOW - HOUR), iso(NOW + HOUR)

    def found(name: str, since: str, until: str) -> int:
        window = {f"{name}After": since, f"{name}Before": until}
        reply = vendor.orders(**window) if name == "changed" else vendor.status(**window)
        return sum(len(each) for key, each in reply.json()["payload"].items() if key.startswith("orders"))

    for name in ("changed", "updated"):
        assert [found(name, edge, after), found(name, before, edge), found(name, before, after)] == [0, 0, 1]


@pytest.mark.parametrize(
    "parameters",
    [
        {"createdAfter": iso(NOW - 7 * DAY - timedelta(seconds=1)), "createdBefore": iso(NOW)},
        {"changedAfter": iso(NOW - 8 * DAY)},
        {"createdAfter": iso(NOW), "createdBefore": iso(NOW - DAY)},
        {"createdAfter": "2026-05-22T10:00:00Z", "createdBefore": "2026-05-23T10:00:00Z"},
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "ten"},
        {"purchaseOrderState": "NEW"},
        {"poItemState": "cancelled"},
        {"sortOrder": "asc"},
        {"isPOChanged": "yes"},
        {"updatedAfter": iso(NOW - DAY)},
        {"nextToken": "MDAwMDAwMDAwMQ=="},
    ],
)
def test_what_the_list_does_not_take_is_invalid_input(parameters: dict[str, str]) -> None:
    """Too wide, too old, reversed, out of range, miscased or unknown: 400 InvalidInput."""
    reply = open_vendor().orders(**parameters)
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (400, "InvalidInput")


@pytest.mark.parametrize("text", ["2019-09-2100:00:00", "2026-11-20", "yesterday"])
def test_an_unreadable_time_is_an_invalid_request(text: str) -> None:
    """As in the published sandbox case: 400 InvalidRequest."""
    vendor = open_vendor()
    for reply in (vendor.orders(createdBefore=text), vendor.status(updatedBefore=text)):
        assert (reply.status_code, reply.json()["errors"][0]["code"]) == (400, "InvalidRequest")


def test_status_takes_updated_and_not_changed() -> None:
    """changedAfter on the status operation is an error; updatedAfter finds the order once something moved."""
    placed = order("PO000001", placed=NOW - 5 * DAY)
    vendor = open_vendor(placed)
    assert vendor.status(changedAfter=iso(NOW - HOUR)).status_code == 400
    assert vendor.status(updatedAfter=iso(NOW - HOUR)).json()["payload"]["ordersStatus"] == []
    vendor.settled(answered(placed, {1: [("Accepted", 24)], 2: [("Accepted", 24)]}))
    found = vendor.status(updatedAfter=iso(NOW - HOUR)).json()["payload"]["ordersStatus"]
    assert [each["purchaseOrderNumber"] for each in found] == ["PO000001"]


def test_a_zoneless_time_in_a_query_is_utc() -> None:
    """Amazon's own sandbox asks with times that have no zone."""
    vendor = open_vendor(order("PO000001", placed=NOW - HOUR))
    assert vendor.numbers(createdAfter="2026-11-23T08:59:00", createdBefore="2026-11-23T09:01:00") == ["PO000001"]


def test_pages_are_complete_newest_first_and_bound_to_their_query() -> None:
    """Every order comes once, DESC even when ASC is asked; a token with other filters or for another limit only."""
    placed = [order(f"PO{i:06}", placed=NOW - timedelta(minutes=250 - i // 2)) for i in range(1, 251)]
    vendor = open_vendor(*placed)
    newest_first = [f"PO{i:06}" for i in range(250, 0, -1)]
    assert vendor.numbers(**WEEK) == newest_first
    assert vendor.numbers(**WEEK, limit=7, sortOrder="ASC") == newest_first
    first = vendor.orders(**WEEK, limit=7).json()["payload"]
    assert len(first["orders"]) == 7
    token = first["pagination"]["nextToken"]
    assert vendor.orders(**WEEK, limit=9, nextToken=token).status_code == 200
    assert vendor.orders(**WEEK, limit=7, nextToken=token, purchaseOrderState="New").status_code == 400
    assert vendor.orders(nextToken=token).status_code == 400
    assert vendor.orders(**WEEK, nextToken=token[:-4] + "AAAA").status_code == 400


def test_paging_goes_on_while_orders_arrive_and_change() -> None:
    """A page asked for later starts where the last one ended, whatever came on top meanwhile."""
    vendor = open_vendor(*(order(f"PO{i:06}", placed=NOW - timedelta(minutes=20 - i)) for i in range(10)))
    window = {"createdAfter": iso(NOW - DAY), "limit": 4}
    first = vendor.orders(**window).json()["payload"]
    vendor.wait(HOUR)
    vendor.simulator.add_orders(order("PO999999", placed=NOW))
    vendor.simulator.change_order("PO000003", {"lines": [{"itemSequenceNumber": "1", "amount": 1}]})
    rest = vendor.numbers(**window, nextToken=first["pagination"]["nextToken"])
    assert rest == [f"PO{i:06}" for i in range(5, -1, -1)]


def test_a_change_moves_the_changed_window_and_nothing_else() -> None:
    """Changed windows hold only orders Amazon changed after placing them; the created window is not moved."""
    placed = [order(f"PO00000{i}", placed=NOW - 3 * DAY) for i in (1, 2)]
    vendor = open_vendor(*placed)
    assert vendor.numbers(changedAfter=iso(NOW - 6 * DAY)) == []
    change = {
        "lines": [{"itemSequenceNumber": "2", "amount": 0}],
        "deliveryWindow": "2026-12-01T00:00:00Z--2026-12-02T00:00:00Z",
    }
    vendor.simulator.change_order("PO000002", change)
    vendor.wait(HOUR)
    assert vendor.numbers(changedAfter=iso(NOW - HOUR)) == ["PO000002"]
    assert vendor.numbers(**WEEK, isPOChanged="true") == ["PO000002"]
    assert vendor.numbers(**WEEK, poItemState="Cancelled") == ["PO000002"]
    assert vendor.numbers(**WEEK) == ["PO000002", "PO000001"]
    details = vendor.order("PO000002").json()["payload"]["orderDetails"]
    assert details["purchaseOrderChangedDate"] == iso(NOW)
    assert details["deliveryWindow"] == change["deliveryWindow"]
    assert details["items"][1]["orderedQuantity"]["amount"] == 0


def test_the_status_tells_how_a_line_was_moved() -> None:
    """Newest first, additions as orderedQuantity, reductions as cancelledQuantity, as in the published samples."""
    vendor = open_vendor(order("PO000001"))
    for amount in (30, 10):
        vendor.wait(HOUR)
        vendor.simulator.change_order("PO000001", {"lines": [{"itemSequenceNumber": "1", "amount": amount}]})
    status = vendor.status(purchaseOrderNumber="PO000001").json()["payload"]["ordersStatus"][0]
    ordered = status["itemStatus"][0]["orderedQuantity"]
    assert ordered["orderedQuantity"]["amount"] == 10
    steps = [
        (name, step[name]["amount"])
        for step in ordered["orderedQuantityDetails"]
        for name in step
        if name != "updatedDate"
    ]
    assert steps == [("cancelledQuantity", 20), ("orderedQuantity", 6), ("orderedQuantity", 24)]


def test_status_filters_by_state_of_order_and_lines() -> None:
    """Each filter of the status operation selects as documented: at least one line in that state."""
    placed = [order(f"PO00000{i}", shipToParty={"partyId": f"FC{i}"}) for i in (1, 2, 3)]
    vendor = open_vendor(*placed)
    vendor.settled(answered(placed[0], {1: [("Accepted", 24)], 2: [("Accepted", 20), ("Rejected", 4)]}))
    vendor.simulator.receive("PO000001", {"1": 24, "2": 1})
    vendor.simulator.close_order("PO000003")

    def found(**parameters: str) -> list[str]:
        reply = vendor.status(createdAfter=iso(NOW - DAY), **parameters)
        return [each["purchaseOrderNumber"] for each in reply.json()["payload"]["ordersStatus"]]

    assert found(purchaseOrderStatus="CLOSED") == ["PO000003"]
    assert found(itemConfirmationStatus="PARTIALLY_ACCEPTED") == ["PO000001"]
    assert found(itemConfirmationStatus="UNCONFIRMED") == ["PO000003", "PO000002"]
    assert found(itemReceiveStatus="RECEIVED") == found(itemReceiveStatus="PARTIALLY_RECEIVED") == ["PO000001"]
    assert found(shipToPartyId="FC2", orderingVendorCode="ACME1") == ["PO000002"]
    assert found(orderingVendorCode="OTHER") == []
    assert vendor.status(itemReceiveStatus="PARTIALLY_RECEIVE").status_code == 400


def test_an_order_placed_for_later_appears_when_its_time_comes() -> None:
    """Before its purchaseOrderDate an order exists for nobody, and the clock says when it will."""
    vendor = open_vendor(order("PO000001", placed=NOW + HOUR))
    assert vendor.order("PO000001").status_code == 404
    assert vendor.numbers(createdAfter=iso(NOW), createdBefore=iso(NOW + DAY)) == []
    assert vendor.simulator.next_event() == NOW + HOUR
    vendor.wait(2 * HOUR)
    assert vendor.numbers(createdAfter=iso(NOW)) == ["PO000001"]


def test_vendor_groups_never_see_each_other() -> None:
    """Another group's order is not listed, not found, not acknowledged, and its transaction is unknown."""
    mine, theirs = order("PO000001"), order("PO000002", sellingParty={"partyId": "RIVAL"})
    vendor = open_vendor(mine)
    other = {"client_id": "app2", "client_secret": "hidden2", "refresh_token": "Atzr|two"}
    vendor.simulator.add_vendor_group(**other, vendor_codes=["RIVAL", "RIVA2"])
    vendor.simulator.add_orders(theirs)
    rival = Vendor(vendor.simulator, other)
    assert (vendor.numbers(**WEEK), rival.numbers(**WEEK)) == (["PO000001"], ["PO000002"])
    assert vendor.order("PO000002").status_code == rival.order("PO000001").status_code == 404
    assert rival.status(purchaseOrderNumber="PO000001").json()["payload"]["ordersStatus"] == []
    transaction = rival.settled(answered(mine, {1: [("Accepted", 24)]}))
    assert transaction["status"] == "Failure"
    assert vendor.transaction(transaction["transactionId"])["errors"][0]["code"] == "ResourceNotFound"
    token = vendor.orders(**WEEK, limit=1).json()["payload"].get("pagination")
    assert token is None
    assert vendor.line_status("PO000001")["confirmationStatus"] == "UNCONFIRMED"


def test_irregular_orders_come_as_in_amazons_own_samples() -> None:
    """CASES, 00001, no state and no zone: exactly what a strict reader of the published model would refuse."""
    cases = {"amount": 5, "unitOfMeasure": "Cases", "unitSize": 10}
    placed = order("PO000001", item(1, orderedQuantity=cases), item(2))
    vendor = open_vendor()
    vendor.simulator.add_orders(placed, irregular=True)
    vendor.lies = True
    content = vendor.order("PO000001").json()
    assert "purchaseOrderState" not in content["payload"]
    assert content["payload"]["orderDetails"]["purchaseOrderDate"] == "2026-11-23T09:00:00"
    line = content["payload"]["orderDetails"]["items"][0]
    assert (line["itemSequenceNumber"], line["orderedQuantity"]["unitOfMeasure"]) == ("00001", "CASES")
    with pytest.raises(AssertionError, match="CASES"):
        validate_response(spapi_model("vendorOrders"), "getPurchaseOrder", 200, content)
    transaction = vendor.settled(answered(placed, {1: [("Accepted", 5)], 2: [("Accepted", 24)]}))
    assert transaction["status"] == "Processing"
    assert vendor.line_status("PO000001")["confirmationStatus"] == "ACCEPTED"


def test_a_null_number_is_an_invalid_request_and_an_unknown_one_not_found() -> None:
    """As the published sandbox has it."""
    vendor = open_vendor()
    assert vendor.order("null").json()["errors"][0]["code"] == "InvalidRequest"
    assert vendor.order("NOTTHERE").json()["errors"][0]["code"] == "ResourceNotFound"


def test_a_long_history_does_not_widen_a_page() -> None:
    """With many orders outside the window a poll still returns just those within, in order."""
    old = [order(f"H{i:07}", item(1), placed=NOW - 100 * DAY + timedelta(seconds=i)) for i in range(3000)]
    vendor = open_vendor(*old, order("PO000001"))
    assert vendor.numbers(**WEEK) == ["PO000001"]
    start = NOW - 100 * DAY
    assert len(set(vendor.numbers(createdAfter=iso(start - HOUR), createdBefore=iso(start + DAY)))) == 3000
