"""Our own connection before the Amazon simulator or Amazon's published samples; every request is checked as it leaves."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import httpx2

from tests.contracts.amazon_vendor import CREDENTIALS, NOW, VENDOR_CODE, Vendor, open_vendor
from tests.contracts.published import operation_of, spapi_model, validate_request
from trueup.base.clock import ManualClock
from trueup.base.quantity import Quantity
from trueup.base.secret import Secret
from trueup.connectors.amazon_vendor import AmazonVendor, AmazonVendorSettings
from trueup.domain.acknowledgements import Acknowledgement, Answer, LineDecision, Part, Reason
from trueup.domain.landing import judge
from trueup.domain.orders import PurchaseOrder
from trueup.formats.amazon_vendor.acknowledgements import write_acknowledgement
from trueup.formats.amazon_vendor.orders import read_orders
from trueup.formats.amazon_vendor.statuses import read_order_statuses
from trueup.remote.budget import Budget, Unlimited
from trueup.remote.capability import OrderQuery

DAY = timedelta(days=1)

_OPERATIONS = (
    ("GET", r"/vendor/orders/v1/purchaseOrders", "vendorOrders", "getPurchaseOrders"),
    ("GET", r"/vendor/orders/v1/purchaseOrders/[^/]+", "vendorOrders", "getPurchaseOrder"),
    ("POST", r"/vendor/orders/v1/acknowledgements", "vendorOrders", "submitAcknowledgement"),
    ("GET", r"/vendor/orders/v1/purchaseOrdersStatus", "vendorOrders", "getPurchaseOrdersStatus"),
    ("GET", r"/vendor/transactions/v1/transactions/[^/]+", "vendorTransactionStatus", "getTransaction"),
)
_TYPES: dict[str, Callable[[str], Any]] = {"integer": int, "string": str}


class CheckedTransport(httpx2.BaseTransport):
    """Lets a request pass when the published model allows it, and keeps the operations in the order they left."""

    def __init__(self, inner: httpx2.BaseTransport) -> None:
        self._inner = inner
        self.sent: list[str] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        self.sent.append(check_request(request))
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def check_request(request: httpx2.Request) -> str:
    """The operation that a request is. Fails unless its model declares every parameter and allows the body."""
    if request.url.path == "/auth/o2/token":
        assert request.method == "POST"
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        return "token"
    path = request.url.raw_path.decode().split("?")[0]
    found = [
        (model, name)
        for method, pattern, model, name in _OPERATIONS
        if request.method == method and re.fullmatch(pattern, path)
    ]
    assert len(found) == 1, f"{request.method} {path} is no published operation."
    model, name = found[0]
    assert request.headers["x-amz-access-token"]
    assert re.fullmatch(r"\d{8}T\d{6}Z", request.headers["x-amz-date"])
    assert request.headers["user-agent"].startswith("Trueup/")
    declared = {
        each["name"]: each for each in operation_of(spapi_model(model), name)["parameters"] if each["in"] == "query"
    }
    given = request.url.params.multi_items()
    assert len(dict(given)) == len(given)
    for parameter, value in given:
        check_parameter(declared, parameter, value)
    if request.content:
        assert request.headers["content-type"] == "application/json"
        validate_request(spapi_model(model), name, json.loads(request.content))
    return name


def check_parameter(declared: Mapping[str, Mapping[str, Any]], name: str, value: str) -> None:
    """Declared, of its type, within its bounds. Derived models declare no query: then the simulator alone judges."""
    if not declared:
        return
    assert name in declared, f"{name} is no parameter; the model has {', '.join(declared)}."
    rule = declared[name]
    typed = _TYPES[rule["type"]](value)
    assert value in rule.get("enum", [value])
    assert rule.get("minimum", typed) <= typed <= rule.get("maximum", typed)
    if rule.get("format") == "date-time":
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value)


def settings_for(url: str, **changes: Any) -> AmazonVendorSettings:
    """The settings of the simulator's first vendor group."""
    values: dict[str, Any] = {
        "name": "amazon-us",
        "region": "na",
        "client_id": CREDENTIALS["client_id"],
        "client_secret": Secret(CREDENTIALS["client_secret"]),
        "refresh_token": Secret(CREDENTIALS["refresh_token"]),
        "vendor_codes": (VENDOR_CODE,),
        "endpoint": url,
        "token_endpoint": f"{url}/auth/o2/token",
        "timeout_seconds": 5.0,
    }
    return AmazonVendorSettings(**{**values, **changes})


@dataclass(frozen=True)
class Connected:
    """Our connection, the simulator behind it, and the clock of both."""

    amazon: AmazonVendor
    vendor: Vendor
    clock: ManualClock
    transport: CheckedTransport

    def wait(self, by: timedelta) -> None:
        """Time passes here and there."""
        self.clock.advance(by)
        self.vendor.simulator.set_clock(self.clock.now())

    def lie(self, **fault: Any) -> None:
        """Have the simulator tell a lie."""
        self.vendor.simulator.add_fault(fault)

    def answered(self, operation: str) -> list[int]:
        """The statuses with which the simulator answered an operation."""
        return [each.status for each in self.vendor.simulator.journal.requests if each.operation == operation]


def connect(
    *orders: Mapping[str, Any],
    budget: Budget | None = None,
    settings: Mapping[str, Any] | None = None,
    **choices: Any,
) -> Connected:
    """A simulator with these orders, and our connection to it."""
    vendor = open_vendor(*orders, **choices)
    clock = ManualClock(NOW)
    transport = CheckedTransport(httpx2.HTTPTransport())
    amazon = AmazonVendor(
        settings_for(vendor.url, **(settings or {})), budget or Unlimited(), clock, transport=transport
    )
    return Connected(amazon, vendor, clock, transport)


def fetch(
    connected: Connected, query: OrderQuery = OrderQuery.CREATED, start: datetime = NOW - 6 * DAY
) -> list[PurchaseOrder]:
    """Every order of every page of a window up to now."""
    found: list[PurchaseOrder] = []
    page, more = None, True
    while more:
        got = connected.amazon.fetch_orders(query, start, connected.clock.now(), page)
        reading = read_orders(got.content, partner="acme")
        assert reading.errors == ()
        assert reading.facts["next_page"] == got.next_page
        found += reading.values
        page, more = got.next_page, got.next_page is not None
    return found


def fetch_one(connected: Connected, number: str = "PO000001") -> PurchaseOrder:
    """One order by its number."""
    (found,) = read_orders(connected.amazon.fetch_order(number).content, partner="acme").values
    return found


def answer(placed: PurchaseOrder, *shares: tuple[Answer, int], at: datetime = NOW) -> Acknowledgement:
    """The same split of every line; the ordered amount whole where none is given."""

    def part(kind: Answer, amount: int, ordered: Quantity) -> Part:
        return Part(
            kind,
            replace(ordered, amount=amount),
            None if kind is Answer.REJECTED else NOW + 7 * DAY,
            Reason.TEMPORARILY_UNAVAILABLE if kind is Answer.REJECTED else None,
        )

    lines = tuple(
        LineDecision(
            line.sequence,
            tuple(
                part(kind, amount, line.ordered) for kind, amount in shares or [(Answer.ACCEPTED, line.ordered.amount)]
            ),
            "test",
            None,
        )
        for line in placed.lines
        if line.ordered.amount
    )
    return Acknowledgement(placed, at, lines)


def send(connected: Connected, acknowledgement: Acknowledgement) -> str:
    """Send it; the transaction's reference."""
    return connected.amazon.send_acknowledgement(write_acknowledgement(acknowledgement), "ack-PO000001").reference


def held(connected: Connected, acknowledgement: Acknowledgement) -> bool:
    """Whether Amazon's own status proves the acknowledgement."""
    placed = acknowledgement.order
    page = connected.amazon.fetch_order_status(placed.number, placed.vendor_code, NOW - DAY, NOW + DAY)
    (status,) = read_order_statuses(page.content).values
    return judge(acknowledgement, status, acknowledgement.decided_at).held
