"""Every static sandbox case that Amazon publishes for vendor orders is read by our connection and formats."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from tests.contracts.amazon_connection import CheckedTransport, settings_for
from tests.contracts.amazon_vendor import NOW
from tests.contracts.published import contracts_folder, spapi_model, validate_response
from trueup.base.clock import ManualClock
from trueup.base.errors import Rejected
from trueup.connectors.amazon_vendor import AmazonVendor
from trueup.formats.amazon_vendor.orders import read_orders
from trueup.formats.amazon_vendor.statuses import read_order_statuses
from trueup.remote.budget import Unlimited
from trueup.remote.capability import OrderQuery, Page, Receipt

ACKNOWLEDGEMENT = b'{"acknowledgements": []}'


def cases() -> Iterator[Any]:
    """(operation, status, reply body) of each static case."""
    if contracts_folder() is None:
        return
    for path in spapi_model("vendorOrders")["paths"].values():
        for operation in path.values():
            if not isinstance(operation, dict) or "operationId" not in operation:
                continue
            for status, response in operation["responses"].items():
                static = response.get("x-amzn-api-sandbox", {}).get("static", [])
                for number, case in enumerate(static):
                    name = operation["operationId"]
                    yield pytest.param(name, int(status), case["response"], id=f"{name}-{status}-{number}")


def ask(operation: str, status: int, body: Any) -> Page | Receipt:
    """Our call of an operation, answered with this reply."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/auth/o2/token":
            return httpx2.Response(200, json={"access_token": "Atza|x", "expires_in": 3600})
        return httpx2.Response(status, json=body, headers={"x-amzn-RequestId": "req-1"})

    transport = CheckedTransport(httpx2.MockTransport(answer))
    amazon = AmazonVendor(settings_for("https://amazon.test"), Unlimited(), ManualClock(NOW), transport=transport)
    match operation:
        case "getPurchaseOrders":
            return amazon.fetch_orders(OrderQuery.CREATED, NOW - timedelta(days=1), NOW, None)
        case "getPurchaseOrder":
            return amazon.fetch_order("4Z32PABC")
        case "submitAcknowledgement":
            return amazon.send_acknowledgement(ACKNOWLEDGEMENT, "ack-1")
        case "getPurchaseOrdersStatus":
            return amazon.fetch_order_status("TestPO2", "API01", NOW - timedelta(days=1), NOW)
    raise AssertionError(f"A new operation with samples: {operation}. Read it, or say why not.")


@pytest.mark.parametrize(("operation", "status", "body"), list(cases()))
def test_amazons_own_samples_are_read(operation: str, status: int, body: Any) -> None:
    """The irregular ones too: every order of them is a value or is named, and none is an error; a refusal is Rejected."""
    if status >= 400:
        with pytest.raises(Rejected, match=r"(?s)Invalid.*req-1") as caught:
            ask(operation, status, body)
        assert caught.value.code == body["errors"][0]["code"]
        return
    got = ask(operation, status, body)
    payload = body["payload"]
    if isinstance(got, Receipt):
        assert got.reference == payload["transactionId"]
        return
    assert got.next_page == payload.get("pagination", {}).get("nextToken")
    assert json.loads(got.content) == body
    if operation == "getPurchaseOrdersStatus":
        statuses = read_order_statuses(got.content)
        assert [each.number for each in statuses.values] == [
            each["purchaseOrderNumber"] for each in payload["ordersStatus"]
        ]
        assert statuses.findings == ()
        return
    orders = read_orders(got.content, partner="acme")
    sent = payload.get("orders", [payload])
    read = [order.number for order in orders.values] + orders.facts["without_details"]
    assert read == [each["purchaseOrderNumber"] for each in sent]
    assert orders.errors == ()
    for order, original in zip(orders.values, sent, strict=False):
        assert len(order.lines) == len(original["orderDetails"]["items"])


def test_the_samples_are_there_and_some_break_their_own_schema() -> None:
    """Otherwise the test above would prove less than it says."""
    if contracts_folder() is None:
        pytest.skip("The published samples are not on this machine; set TRUEUP_CONTRACTS.")
    found = [case.values for case in cases()]
    broken = 0
    for operation, status, body in found:
        try:
            validate_response(spapi_model("vendorOrders"), operation, status, body)
        except AssertionError:
            broken += 1
    assert (len(found), broken) == (19, 3)
