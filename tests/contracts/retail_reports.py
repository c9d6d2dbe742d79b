"""A vendor group that may read reports, before the Amazon simulator: facts of products, and every reply checked."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx2
from jsonschema import Draft7Validator

from tests.contracts.amazon_vendor import CREDENTIALS, NOW, VENDOR_CODE, Vendor, iso
from tests.contracts.published import spapi_model, validate_request, validate_response
from trueup.simulators.amazon import AmazonSimulator
from trueup.simulators.amazon.access import BRAND_ANALYTICS, FULFILLMENT, TRACKING

MODEL = "reports_2021-06-30"
REPORTS = "/reports/2021-06-30/reports"
DOCUMENTS = "/reports/2021-06-30/documents"
US = "ATVPDKIKX0DER"
DAY = timedelta(days=1)
SCHEMAS = {
    "GET_VENDOR_SALES_REPORT": "vendorSalesReport",
    "GET_VENDOR_INVENTORY_REPORT": "vendorInventoryReport",
    "GET_VENDOR_FORECASTING_REPORT": "vendorForecastingReport",
    "GET_VENDOR_REAL_TIME_SALES_REPORT": "vendorRealTimeSalesReport",
    "GET_VENDOR_REAL_TIME_INVENTORY_REPORT": "vendorRealTimeInventoryReport",
}
BY_DAY = {"reportPeriod": "DAY", "distributorView": "SOURCING", "sellingProgram": "RETAIL"}


def fact(at: datetime | str, figures: Mapping[str, Any], asin: str = "B000000001", **more: Any) -> dict[str, Any]:
    """What Amazon knows of one product at a day (a datetime), or an hour (its text)."""
    when = at if isinstance(at, str) else f"{at:%Y-%m-%d}"
    return {"marketplaceId": US, "vendorCode": VENDOR_CODE, "asin": asin, "at": when, "figures": figures, **more}


def sales(units: int, **more: Any) -> dict[str, Any]:
    """A day of so many units shipped and ordered, at ten dollars."""
    money = Decimal(10 * units)
    return {
        "type": "sales",
        "orderedUnits": units,
        "orderedRevenue": money,
        "shippedUnits": units,
        "shippedRevenue": money,
        "shippedCogs": money / 2,
        **more,
    }


def inventory(on_hand: int, on_order: int = 0, received: int = 0) -> dict[str, Any]:
    """A day that ends with so many on hand and on order."""
    return {
        "type": "inventory",
        "sellableOnHandInventoryUnits": on_hand,
        "sellableOnHandInventoryCost": Decimal(5 * on_hand),
        "openPurchaseOrderUnits": on_order,
        "netReceivedInventoryUnits": received,
        "netReceivedInventoryCost": Decimal(5 * received),
    }


def forecast(mean: str) -> dict[str, Any]:
    """A week's forecast around a mean."""
    value = Decimal(mean)
    names = ("meanForecastUnits", "p70ForecastUnits", "p80ForecastUnits", "p90ForecastUnits")
    return {"type": "forecast", **{name: value + place for place, name in enumerate(names)}}


class Reporting:
    """A simulator whose clock stands at NOW and a client whose replies are checked against the published model."""

    def __init__(self, **rules: Any) -> None:
        self.simulator = AmazonSimulator(seed=7, **{"rate_limit": False, **rules})
        self.simulator.set_clock(NOW)
        roles = (FULFILLMENT, TRACKING, BRAND_ANALYTICS)
        self.simulator.add_vendor_group(**CREDENTIALS, vendor_codes=[VENDOR_CODE], roles=roles)
        self.vendor = Vendor(self.simulator)
        self.vendor.lies = True  # its own checks know the orders API alone

    def wait(self, by: timedelta) -> None:
        """Time passes; a new access token is taken where the old one ran out."""
        self.simulator.set_clock(self.simulator.now() + by)
        self.vendor.sign_in()

    def call(self, operation: str, method: str, path: str, **options: Any) -> httpx2.Response:
        """One request; its status and body must be of the model."""
        reply = self.vendor.send(method, path, **options)
        if reply.status_code >= 400 or operation != "cancelReport":  # a good cancelReport declares no body
            validate_response(spapi_model(MODEL), operation, reply.status_code, reply.json())
        return reply

    def create(self, report_type: str, options: Any = None, **body: Any) -> httpx2.Response:
        """createReport, for the store US unless told otherwise."""
        said = {"reportType": report_type, "marketplaceIds": [US], **body}
        if options is not None:
            said["reportOptions"] = options
        return self.call("createReport", "POST", REPORTS, json=said)

    def report(self, report_id: str) -> dict[str, Any]:
        """getReport."""
        found: dict[str, Any] = self.call("getReport", "GET", f"{REPORTS}/{report_id}").json()
        return found

    def address(self, document_id: str, **parameters: str) -> dict[str, Any]:
        """getReportDocument."""
        path = f"{DOCUMENTS}/{document_id}"
        found: dict[str, Any] = self.call("getReportDocument", "GET", path, params=parameters).json()
        return found

    def made(self, report_type: str, options: Any = None, **body: Any) -> tuple[str, Any]:
        """A report asked for and made: its last status, and its document checked against its published schema."""
        report_id = self.create(report_type, options, **body).json()["reportId"]
        self.wait(timedelta(minutes=10))
        report = self.report(report_id)
        if "reportDocumentId" not in report:
            return report["processingStatus"], None
        found = self.address(report["reportDocumentId"])
        assert found["compressionAlgorithm"] == "GZIP"
        reply = httpx2.get(found["url"], trust_env=False)
        assert reply.status_code == 200
        document = json.loads(gzip.decompress(reply.content))
        if report["processingStatus"] == "DONE":
            check_document(report_type, document)
        return report["processingStatus"], document


def check_document(report_type: str, document: Any) -> None:
    """Fail unless the published schema of the report allows the document."""
    found = [
        f"{error.json_path}: {error.message}"
        for error in Draft7Validator(spapi_model(SCHEMAS[report_type])).iter_errors(document)
    ]
    assert not found, "\n".join(found)


def check_specification(body: Any) -> None:
    """Fail unless the published model allows a body of createReport."""
    validate_request(spapi_model(MODEL), "createReport", body)


def window(first: datetime, last: datetime) -> dict[str, str]:
    """The dates of a report."""
    return {"dataStartTime": iso(first), "dataEndTime": iso(last)}


def midnight(days_ago: int) -> datetime:
    """The beginning of a day so long ago."""
    return datetime(NOW.year, NOW.month, NOW.day, tzinfo=UTC) - days_ago * DAY
