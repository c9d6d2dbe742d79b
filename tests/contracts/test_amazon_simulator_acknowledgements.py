"""What an acknowledgement means to the Amazon simulator: what is refused, what fails later, what it does to each line."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from tests.contracts.amazon_vendor import ACKNOWLEDGE, NOW, acknowledged, answered, item, open_vendor, order
from tests.contracts.published import spapi_model, validate_request
from trueup.simulators.amazon.control import state

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PLACED = order("PO000001")
WHOLE = answered(PLACED, {1: [("Accepted", 24)], 2: [("Accepted", 24)]})
Change = Callable[[dict[str, Any]], Any]


def changed(change: Change) -> dict[str, Any]:
    """The whole acknowledgement with something spoilt."""
    spoilt = deepcopy(WHOLE)
    change(spoilt)
    return spoilt


def amounts(status: dict[str, Any]) -> tuple[str, int, int]:
    """Confirmation status, accepted, rejected."""
    return (
        status["confirmationStatus"],
        status["acceptedQuantity"]["amount"],
        status["rejectedQuantity"]["amount"],
    )


def test_an_acknowledgement_is_taken_now_and_applied_later() -> None:
    """202 at once, nothing confirmed for three minutes, then confirmed; the transaction says Processing throughout."""
    vendor = open_vendor(PLACED)
    validate_request(spapi_model("vendorOrders"), "submitAcknowledgement", {"acknowledgements": [WHOLE]})
    reply = vendor.acknowledge(WHOLE)
    transaction_id = reply.json()["payload"]["transactionId"]
    assert reply.status_code == 202
    vendor.wait(3 * MINUTE - timedelta(seconds=1))
    assert amounts(vendor.line_status("PO000001")) == ("UNCONFIRMED", 0, 0)
    vendor.wait(timedelta(seconds=1))
    assert amounts(vendor.line_status("PO000001")) == ("ACCEPTED", 24, 0)
    assert vendor.order("PO000001").json()["payload"]["purchaseOrderState"] == "Acknowledged"
    vendor.wait(timedelta(days=30))
    assert vendor.transaction(transaction_id) == {"transactionId": transaction_id, "status": "Processing"}


def spoil_line(change: Change) -> Change:
    """Spoil the first line."""
    return lambda body: change(body["items"][0])


def spoil_part(change: Change) -> Change:
    """Spoil the first part of the first line."""
    return lambda body: change(body["items"][0]["itemAcknowledgements"][0])


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.pop("sellingParty"),
        lambda body: body.update(sellingParty={}),
        lambda body: body.pop("items"),
        lambda body: body.update(acknowledgementDate="today"),
        lambda body: body.update(note="not in the model"),
        spoil_line(lambda line: line.pop("orderedQuantity")),
        spoil_line(lambda line: line.update(itemSequenceNumber=1)),
        spoil_line(lambda line: line["netCost"].update(amount=12.5)),
        spoil_line(lambda line: line["netCost"].update(amount="12,50")),
        spoil_line(lambda line: line["orderedQuantity"].update(amount="24")),
        spoil_line(lambda line: line["orderedQuantity"].update(unitOfMeasure="EACHES")),
        spoil_part(lambda part: part.update(acknowledgementCode="ACCEPTED")),
        spoil_part(lambda part: part.pop("acknowledgedQuantity")),
        spoil_part(lambda part: part.update(rejectionReason="NoStock")),
        spoil_part(lambda part: part.update(scheduledShipDate="soon")),
    ],
)
def test_a_body_without_the_published_shape_is_refused_at_the_door(change: Change) -> None:
    """400 InvalidInput, and no transaction exists."""
    vendor = open_vendor(PLACED)
    reply = vendor.acknowledge(changed(change))
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (400, "InvalidInput")
    assert state(vendor.simulator)["transactions"] == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"acknowledgements":[]}', b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_acknowledgement_is_refused(body: bytes) -> None:
    """Malformed, empty, of another kind, or nested without end: 400, and the simulator lives."""
    vendor = open_vendor(PLACED)
    headers = {"content-type": "application/json"}
    assert vendor.send("POST", ACKNOWLEDGE, content=body, headers=headers).status_code == 400
    assert vendor.order("PO000001").status_code == 200


def test_an_incomplete_element_is_named_as_amazon_names_it() -> None:
    """The words of the published sandbox case."""
    reply = open_vendor(PLACED).acknowledge(changed(lambda body: body.update(sellingParty={})))
    expected = "The content of element 'sellingParty' is not complete. One of '{partyId}' is expected."
    assert reply.json()["errors"][0]["message"] == expected


def test_a_body_of_another_type_or_too_large_is_refused() -> None:
    """415 and 413 as declared."""
    vendor = open_vendor(PLACED)
    assert vendor.send("POST", ACKNOWLEDGE, content=b"<a/>", headers={"content-type": "text/xml"}).status_code == 415
    large = b'{"acknowledgements": "' + b"x" * 6_000_000 + b'"}'
    headers = {"content-type": "application/json"}
    assert vendor.send("POST", ACKNOWLEDGE, content=large, headers=headers).status_code == 413


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (spoil_part(lambda part: part.pop("acknowledgementCode")), "acknowledgementCode"),
        (spoil_line(lambda line: line.pop("netCost")), "netCost"),
        (spoil_line(lambda line: line["netCost"].update(amount="0")), "netCost"),
        (spoil_line(lambda line: line["netCost"].update(amount="-12.50")), "netCost"),
        (spoil_line(lambda line: line["netCost"].update(amount="12.51")), "netCost"),
        (spoil_line(lambda line: line["netCost"].update(currencyCode="EUR")), "EUR"),
        (spoil_part(lambda part: part["acknowledgedQuantity"].update(amount=25)), "above the ordered"),
        (spoil_part(lambda part: part["acknowledgedQuantity"].update(amount=0)), "above zero"),
        (spoil_part(lambda part: part["acknowledgedQuantity"].update(amount=-1)), "above zero"),
        (spoil_part(lambda part: part["acknowledgedQuantity"].update(unitOfMeasure="Cases")), "Cases"),
        (spoil_part(lambda part: part["acknowledgedQuantity"].update(unitSize=6)), "unitSize"),
        (spoil_line(lambda line: line["orderedQuantity"].update(unitOfMeasure="Cases")), "Cases"),
        (spoil_line(lambda line: line.update(itemSequenceNumber="9")), "item 9"),
        (spoil_line(lambda line: line.update(vendorProductIdentifier="34567890121")), "item 1"),
        (spoil_line(lambda line: line.update(itemAcknowledgements=[])), "empty"),
        (spoil_part(lambda part: part.update(acknowledgementCode="Backordered")), "scheduledShipDate"),
        (lambda body: body["items"].append(body["items"][0]), "twice"),
        (lambda body: body.update(sellingParty={"partyId": "OTHER"}), "sellingParty"),
        (lambda body: body.update(purchaseOrderNumber="PO999999"), "does not exist"),
    ],
)
def test_a_semantic_error_fails_the_whole_transaction_later(change: Change, word: str) -> None:
    """202 at the door; after the delay Failure with the reason, and not one line is applied."""
    vendor = open_vendor(PLACED, order("PO000002"))
    good = {**WHOLE, "purchaseOrderNumber": "PO000002"}
    transaction_id = vendor.acknowledge(good, changed(change)).json()["payload"]["transactionId"]
    assert vendor.transaction(transaction_id)["status"] == "Processing"
    vendor.wait(10 * MINUTE)
    failed = vendor.transaction(transaction_id)
    assert failed["status"] == "Failure"
    assert word in failed["errors"][0]["message"]
    for number in ("PO000001", "PO000002"):
        assert vendor.line_status(number)["confirmationStatus"] == "UNCONFIRMED"


def test_a_backorder_where_none_is_allowed_fails() -> None:
    """isBackOrderAllowed false means what it says."""
    placed = order("PO000001", item(1, isBackOrderAllowed=False))
    transaction = open_vendor(placed).settled(answered(placed, {1: [("Backordered", 24)]}))
    assert transaction["status"] == "Failure"


def test_one_order_twice_in_one_body_fails() -> None:
    """Which of the two would count is not for Amazon to guess."""
    assert open_vendor(PLACED).settled(WHOLE, WHOLE)["status"] == "Failure"


def test_a_book_at_list_price_needs_its_list_price_and_discount() -> None:
    """Without a net cost on the order, list price and multiplier stand in for it."""
    book = item(1, listPrice={"amount": "30.00", "currencyCode": "USD"})
    del book["netCost"]
    placed = order("PO000001", book)
    priced = acknowledged(book, [("Accepted", 24)], listPrice=book["listPrice"], discountMultiplier="0.55")
    assert open_vendor(placed).settled(answered(placed, {}, items=[priced]))["status"] == "Processing"
    bare = acknowledged(book, [("Accepted", 24)])
    assert open_vendor(placed).settled(answered(placed, {}, items=[bare]))["status"] == "Failure"


def test_an_item_without_sequence_number_is_found_by_its_identifiers() -> None:
    """As in the published request; identifiers that fit two lines fit none."""
    body = changed(lambda body: [line.pop("itemSequenceNumber") for line in body["items"]])
    vendor = open_vendor(PLACED)
    assert vendor.settled(body)["status"] == "Processing"
    assert amounts(vendor.line_status("PO000001", 2)) == ("ACCEPTED", 24, 0)
    same = order("PO000001", item(1), {**item(1), "itemSequenceNumber": "2"})
    vague = answered(same, {1: [("Accepted", 24)]})
    del vague["items"][0]["itemSequenceNumber"]
    assert open_vendor(same).settled(vague)["status"] == "Failure"


def test_a_line_left_out_is_rejected_and_so_is_a_rest() -> None:
    """An acknowledgement is the whole order."""
    vendor = open_vendor(PLACED)
    vendor.settled(answered(PLACED, {1: [("Accepted", 20)]}))
    assert amounts(vendor.line_status("PO000001", 1)) == ("PARTIALLY_ACCEPTED", 20, 4)
    assert amounts(vendor.line_status("PO000001", 2)) == ("REJECTED", 0, 24)


def test_a_later_acknowledgement_that_leaves_a_line_out_rejects_it() -> None:
    """Each acknowledgement replaces the last one of every line, of those not mentioned too."""
    vendor = open_vendor(PLACED)
    vendor.settled(WHOLE)
    vendor.settled(answered(PLACED, {1: [("Accepted", 24)]}))
    assert amounts(vendor.line_status("PO000001", 2)) == ("REJECTED", 0, 24)
    history = vendor.line_status("PO000001", 2)["acknowledgementStatusDetails"]
    assert [entry["acceptedQuantity"]["amount"] for entry in history] == [0, 24]


def test_a_backorder_shows_neither_as_accepted_nor_as_rejected() -> None:
    """Only the history shows that it landed."""
    vendor = open_vendor(PLACED)
    vendor.settled(answered(PLACED, {1: [("Backordered", 24)], 2: [("Accepted", 10), ("Backordered", 14)]}))
    first = vendor.line_status("PO000001", 1)
    assert amounts(first) == ("UNCONFIRMED", 0, 0)
    assert len(first["acknowledgementStatusDetails"]) == 1
    assert amounts(vendor.line_status("PO000001", 2)) == ("PARTIALLY_ACCEPTED", 10, 0)
    vendor.settled(WHOLE)
    assert amounts(vendor.line_status("PO000001", 1)) == ("ACCEPTED", 24, 0)


@pytest.mark.parametrize("code", ["Accepted", "Backordered"])
def test_what_was_rejected_is_never_reopened(code: str) -> None:
    """The attempt is ignored in silence: Processing, unchanged status, and the simulator's state says why."""
    vendor = open_vendor(PLACED)
    vendor.settled(answered(PLACED, {1: [("Rejected", 24)], 2: [("Accepted", 20), ("Rejected", 4)]}))
    again = answered(PLACED, {1: [(code, 24)], 2: [(code, 24)]})
    assert vendor.settled(again)["status"] == "Processing"
    assert amounts(vendor.line_status("PO000001", 1)) == ("REJECTED", 0, 24)
    assert amounts(vendor.line_status("PO000001", 2)) == ("PARTIALLY_ACCEPTED", 20, 4)
    lines = state(vendor.simulator)["orders"][0]["lines"]
    outcomes = [[entry.outcome.value for entry in line["acknowledgements"]] for line in lines]
    assert outcomes == [["applied", "ignored: a rejected quantity is never reopened"]] * 2


def test_an_order_rejected_whole_is_closed_and_stays_so() -> None:
    """Closed by the vendor's own rejection; a later acknowledgement fails."""
    vendor = open_vendor(PLACED)
    vendor.settled(answered(PLACED, {1: [("Rejected", 24)]}))
    assert vendor.order("PO000001").json()["payload"]["purchaseOrderState"] == "Closed"
    assert vendor.settled(WHOLE)["status"] == "Failure"


def test_quantities_and_prices_change_for_48_hours_and_dates_for_ever() -> None:
    """Afterwards a new quantity or price is ignored in silence, a new date is taken."""
    placed = order("PO000001", item(1), placed=NOW)
    vendor = open_vendor(placed)
    vendor.settled(answered(placed, {1: [("Accepted", 24)]}))
    vendor.wait(NOW + 48 * HOUR - vendor.simulator.now())
    vendor.settled(answered(placed, {1: [("Accepted", 14), ("Backordered", 10)]}))
    assert amounts(vendor.line_status("PO000001")) == ("PARTIALLY_ACCEPTED", 14, 0)
    vendor.settled(answered(placed, {1: [("Accepted", 10)]}))
    assert amounts(vendor.line_status("PO000001")) == ("PARTIALLY_ACCEPTED", 14, 0)
    cheaper = answered(placed, {1: [("Accepted", 14), ("Backordered", 10)]})
    cheaper["items"][0]["netCost"] = {"amount": "12.40", "currencyCode": "USD"}
    vendor.settled(cheaper)
    dates = answered(placed, {1: [("Accepted", 14), ("Backordered", 10)]})
    dates["items"][0]["itemAcknowledgements"][1]["scheduledShipDate"] = "2026-12-09T08:00:00Z"
    vendor.settled(dates)
    entries = state(vendor.simulator)["orders"][0]["lines"][0]["acknowledgements"]
    assert [entry.outcome.name for entry in entries] == [
        "APPLIED",
        "APPLIED",
        "TOO_LATE_TO_CHANGE",
        "TOO_LATE_TO_CHANGE",
        "APPLIED",
    ]


def test_a_change_by_amazon_may_be_answered_however_old_the_order() -> None:
    """The 48 hours start anew; the pieces Amazon added to a rejected line can be accepted, the rejected ones not."""
    placed = order("PO000001", item(1), item(2), placed=NOW)
    vendor = open_vendor(placed)
    vendor.settled(answered(placed, {1: [("Accepted", 24)]}))
    vendor.wait(100 * HOUR)
    lines = [{"itemSequenceNumber": "1", "amount": 20}, {"itemSequenceNumber": "2", "amount": 30}]
    vendor.simulator.change_order("PO000001", {"lines": lines, "add": [item(3)]})
    now_ordered = vendor.order("PO000001").json()["payload"]
    vendor.settled(answered(now_ordered, {1: [("Accepted", 20)], 2: [("Accepted", 6)], 3: [("Accepted", 24)]}))
    assert [amounts(vendor.line_status("PO000001", line)) for line in (1, 2, 3)] == [
        ("ACCEPTED", 20, 0),
        ("PARTIALLY_ACCEPTED", 6, 24),
        ("ACCEPTED", 24, 0),
    ]


def test_what_amazon_takes_back_is_first_what_was_rejected() -> None:
    """4 of 24 rejected, then 4 taken back: the 20 left can be accepted whole."""
    placed = order("PO000001", item(1))
    vendor = open_vendor(placed)
    vendor.settled(answered(placed, {1: [("Accepted", 20)]}))
    vendor.simulator.change_order("PO000001", {"lines": [{"itemSequenceNumber": "1", "amount": 20}]})
    vendor.settled(answered(vendor.order("PO000001").json()["payload"], {1: [("Accepted", 20)]}))
    assert amounts(vendor.line_status("PO000001")) == ("ACCEPTED", 20, 0)


def test_a_cancelled_line_is_left_out_and_not_acknowledged() -> None:
    """Quantity zero needs no answer; answering it is above the ordered quantity."""
    vendor = open_vendor(PLACED)
    vendor.simulator.change_order("PO000001", {"lines": [{"itemSequenceNumber": "2", "amount": 0}]})
    assert vendor.settled(WHOLE)["status"] == "Failure"
    assert vendor.settled(answered(PLACED, {1: [("Accepted", 24)]}))["status"] == "Processing"
    assert amounts(vendor.line_status("PO000001", 1)) == ("ACCEPTED", 24, 0)
    assert amounts(vendor.line_status("PO000001", 2)) == ("UNCONFIRMED", 0, 0)


def test_a_cancelled_order_is_closed_and_takes_no_acknowledgement() -> None:
    """Cancelled by Amazon: every quantity zero, state Closed."""
    vendor = open_vendor(PLACED)
    vendor.simulator.change_order("PO000001", {"cancel": True})
    content = vendor.order("PO000001").json()["payload"]
    assert content["purchaseOrderState"] == "Closed"
    assert [line["orderedQuantity"]["amount"] for line in content["orderDetails"]["items"]] == [0, 0]
    assert vendor.settled(WHOLE)["status"] == "Failure"


@pytest.mark.parametrize(("hours", "late"), [(24, False), (25, True)])
def test_an_acknowledgement_after_24_hours_is_applied_and_marked_late(hours: int, late: bool) -> None:
    """Amazon takes it and charges for it: the state shows the exposure."""
    placed = order("PO000001", item(1), placed=NOW)
    vendor = open_vendor(placed)
    vendor.wait(hours * HOUR)
    vendor.settled(answered(placed, {1: [("Accepted", 24)]}))
    vendor.settled(answered(placed, {1: [("Accepted", 24)]}))
    line = state(vendor.simulator)["orders"][0]["lines"][0]
    assert (line["late"], line["confirmation_status"]) == (late, "ACCEPTED")
    assert [entry.late for entry in line["acknowledgements"]] == [late, False]


def test_receiving_all_that_was_accepted_closes_the_order() -> None:
    """Partly received is open; what was promised being there closes it."""
    vendor = open_vendor(PLACED)
    vendor.settled(answered(PLACED, {1: [("Accepted", 24)], 2: [("Rejected", 24)]}))
    vendor.simulator.receive("PO000001", {"1": 10})
    found = vendor.status(purchaseOrderNumber="PO000001").json()["payload"]["ordersStatus"][0]
    assert found["itemStatus"][0]["receivingStatus"]["receiveStatus"] == "PARTIALLY_RECEIVED"
    vendor.simulator.receive("PO000001", {"1": 14})
    found = vendor.status(purchaseOrderNumber="PO000001").json()["payload"]["ordersStatus"][0]
    received = found["itemStatus"][0]["receivingStatus"]
    assert (received["receiveStatus"], received["receivedQuantity"]["amount"]) == ("RECEIVED", 24)
    assert found["purchaseOrderStatus"] == "CLOSED"


def test_the_state_keeps_what_was_submitted_word_for_word() -> None:
    """An auditor reads the raw body, when it came, when it was applied."""
    vendor = open_vendor(PLACED)
    vendor.settled(WHOLE)
    content = vendor.http.get("/_simulator/state", params={"purchase_order": "PO000001"}).json()
    transaction = content["transactions"][0]
    assert transaction["submitted"] == {"acknowledgements": [WHOLE]}
    assert (transaction["arrived_at"], transaction["settled_at"]) == ("2026-11-23T10:00:00Z", "2026-11-23T10:03:00Z")
    entry = content["orders"][0]["lines"][0]["acknowledgements"][0]
    assert (entry["submitted"], entry["outcome"]) == (WHOLE["items"][0], "applied")
