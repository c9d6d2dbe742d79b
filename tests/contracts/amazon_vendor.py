"""A vendor before the Amazon simulator: orders as Amazon writes them, acknowledgements, a client that checks every reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx2

from tests.contracts.published import operation_of, spapi_model, validate_response
from trueup.remote.http import certificates
from trueup.simulators.amazon import AmazonSimulator
from trueup.simulators.serving import Receive, Scope, Send, Serving, serve

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
VENDOR_CODE = "ACME1"
CREDENTIALS = {"client_id": "app", "client_secret": "hidden", "refresh_token": "Atzr|one"}

ORDERS = "/vendor/orders/v1/purchaseOrders"
STATUS = "/vendor/orders/v1/purchaseOrdersStatus"
ACKNOWLEDGE = "/vendor/orders/v1/acknowledgements"
TRANSACTION = "/vendor/transactions/v1/transactions"


class _Stage:
    """One server for all tests; each brings its own simulator."""

    simulator: AmazonSimulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.simulator.app(scope, receive, send)


@cache
def _stage() -> tuple[_Stage, Serving]:
    stage = _Stage()
    return stage, serve(stage)


def iso(moment: datetime) -> str:
    """As Amazon writes an instant."""
    return moment.isoformat().replace("+00:00", "Z")


def item(number: int = 1, amount: int = 24, **changes: Any) -> dict[str, Any]:
    """A line of 24 eaches at 12.50 USD, backorders allowed."""
    return {
        "itemSequenceNumber": str(number),
        "amazonProductIdentifier": f"B00000000{number}",
        "vendorProductIdentifier": f"003456789012{number}",
        "orderedQuantity": {"amount": amount, "unitOfMeasure": "Eaches", "unitSize": 1},
        "isBackOrderAllowed": True,
        "netCost": {"amount": "12.50", "currencyCode": "USD"},
        **changes,
    }


def order(number: str, *items: dict[str, Any], placed: datetime | None = None, **details: Any) -> dict[str, Any]:
    """A purchase order of two lines, placed an hour ago."""
    moment = iso(placed or NOW - timedelta(hours=1))
    return {
        "purchaseOrderNumber": number,
        "purchaseOrderState": "New",
        "orderDetails": {
            "purchaseOrderDate": moment,
            "purchaseOrderStateChangedDate": moment,
            "purchaseOrderType": "RegularOrder",
            "paymentMethod": "Invoice",
            "sellingParty": {"partyId": VENDOR_CODE},
            "shipToParty": {"partyId": "FTW1"},
            "shipWindow": "2026-11-25T08:00:00Z--2026-11-30T08:00:00Z",
            "items": list(items) or [item(1), item(2)],
            **details,
        },
    }


Parts = Sequence[tuple[str, int]]


def answered(placed: Mapping[str, Any], parts: Mapping[int, Parts], **changes: Any) -> dict[str, Any]:
    """The acknowledgement of one order: for each line (code, amount) parts; lines not named are left out."""
    details = placed["orderDetails"]
    items = [
        acknowledged(line, parts[int(line["itemSequenceNumber"])])
        for line in details["items"]
        if int(line["itemSequenceNumber"]) in parts
    ]
    return {
        "purchaseOrderNumber": placed["purchaseOrderNumber"],
        "sellingParty": details["sellingParty"],
        "acknowledgementDate": iso(NOW),
        "items": items,
        **changes,
    }


def acknowledged(line: Mapping[str, Any], parts: Parts, **changes: Any) -> dict[str, Any]:
    """One line's acknowledgement; backorders carry a date, rejections a reason."""
    extra = {
        "Backordered": {"scheduledShipDate": "2026-12-05T08:00:00Z"},
        "Rejected": {"rejectionReason": "TemporarilyUnavailable"},
    }
    echoed = ("itemSequenceNumber", "amazonProductIdentifier", "vendorProductIdentifier", "orderedQuantity", "netCost")
    return {
        **{name: line[name] for name in echoed if name in line},
        "itemAcknowledgements": [
            {
                "acknowledgementCode": code,
                "acknowledgedQuantity": {**line["orderedQuantity"], "amount": amount},
                **extra.get(code, {}),
            }
            for code, amount in parts
        ],
        **changes,
    }


class Vendor:
    """A vendor group's own client. Every reply is checked against the published model unless `lies` is set."""

    def __init__(self, simulator: AmazonSimulator, credentials: Mapping[str, str] = CREDENTIALS) -> None:
        self.simulator = simulator
        stage, serving = _stage()
        stage.simulator = simulator
        self.url = serving.url
        self.http = httpx2.Client(base_url=serving.url, timeout=10, trust_env=False, verify=certificates(local=True))
        self.lies = False
        self._credentials = credentials
        self.sign_in()

    def sign_in(self) -> None:
        """Take a new access token."""
        form = {"grant_type": "refresh_token", **self._credentials}
        self.token: str = self.http.post("/auth/o2/token", data=form).json()["access_token"]

    def send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """One request with the access token."""
        headers = {"x-amz-access-token": self.token, **options.pop("headers", {})}
        reply = self.http.request(method, path, headers=headers, **options)
        if not self.lies:
            check_reply(method, path, reply)
        return reply

    def orders(self, **parameters: Any) -> httpx2.Response:
        """getPurchaseOrders."""
        return self.send("GET", ORDERS, params=parameters)

    def order(self, number: str) -> httpx2.Response:
        """getPurchaseOrder."""
        return self.send("GET", f"{ORDERS}/{number}")

    def status(self, **parameters: Any) -> httpx2.Response:
        """getPurchaseOrdersStatus."""
        return self.send("GET", STATUS, params=parameters)

    def line_status(self, number: str, line: int = 1) -> dict[str, Any]:
        """The acknowledgementStatus of one line."""
        found = self.status(purchaseOrderNumber=number).json()["payload"]["ordersStatus"][0]["itemStatus"]
        content: dict[str, Any] = found[line - 1]["acknowledgementStatus"]
        return content

    def acknowledge(self, *acknowledgements: Mapping[str, Any]) -> httpx2.Response:
        """submitAcknowledgement."""
        return self.send("POST", ACKNOWLEDGE, json={"acknowledgements": list(acknowledgements)})

    def settled(self, *acknowledgements: Mapping[str, Any]) -> dict[str, Any]:
        """Submit, wait until Amazon has applied it, and return the transaction's status."""
        reply = self.acknowledge(*acknowledgements)
        assert reply.status_code == 202, reply.text
        self.wait(timedelta(minutes=10))
        return self.transaction(reply.json()["payload"]["transactionId"])

    def transaction(self, transaction_id: str) -> dict[str, Any]:
        """getTransaction."""
        content: dict[str, Any] = self.send("GET", f"{TRANSACTION}/{transaction_id}").json()
        return content["payload"]["transactionStatus"] if "payload" in content else content

    def wait(self, by: timedelta) -> None:
        """Let simulated time pass; a token lives an hour of it."""
        self.simulator.set_clock(self.simulator.now() + by)
        self.sign_in()

    def numbers(self, **parameters: Any) -> list[str]:
        """Order numbers of all pages of getPurchaseOrders."""
        found: list[str] = []
        while True:
            reply = self.orders(**parameters)
            assert reply.status_code == 200, reply.text
            payload = reply.json()["payload"]
            found += [each["purchaseOrderNumber"] for each in payload["orders"]]
            token = payload.get("pagination", {}).get("nextToken")
            if token is None:
                return found
            parameters["nextToken"] = token


def check_reply(method: str, path: str, reply: httpx2.Response) -> None:
    """The reply's status, body and headers are as the published model declares them."""
    operation = {
        ORDERS: "getPurchaseOrders",
        STATUS: "getPurchaseOrdersStatus",
        ACKNOWLEDGE: "submitAcknowledgement",
    }.get(path)
    if operation is None:
        operation = "getTransaction" if path.startswith(TRANSACTION) else "getPurchaseOrder"
    model = spapi_model("vendorTransactionStatus" if operation == "getTransaction" else "vendorOrders")
    validate_response(model, operation, reply.status_code, reply.json())
    declared = operation_of(model, operation)["responses"][str(reply.status_code)].get("headers")
    if declared is not None:
        sent = {name for name in reply.headers if name.startswith("x-amzn-")}
        assert sent == {name.lower() for name in declared}


def open_vendor(*orders: Mapping[str, Any], **choices: Any) -> Vendor:
    """A simulator whose clock stands at NOW, with one vendor group and these orders, and its client."""
    choices.setdefault("rate_limit", False)
    simulator = AmazonSimulator(seed=7, **choices)
    simulator.set_clock(NOW)
    simulator.add_vendor_group(**CREDENTIALS, vendor_codes=[VENDOR_CODE])
    simulator.add_orders(list(orders))
    return Vendor(simulator)
