"""Our own connection before the Amazon simulator or Amazon's published samples; every request is checked as it leaves."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
from tests.contracts.amazon_vendor import CREDENTIALS, NOW, VENDOR_CODE, Vendor, open_vendor
from tests.contracts.published import operation_of, spapi_model, validate_request

from trueup.base.clock import ManualClock
from trueup.base.secret import Secret
from trueup.connectors.amazon_vendor import AmazonVendor, AmazonVendorSettings
from trueup.remote.budget import Budget, Unlimited

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
