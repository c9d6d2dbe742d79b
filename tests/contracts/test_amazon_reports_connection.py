"""Vendor reports over our connection: asked for as the published model has it, found again, fetched from addresses that expire."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import timedelta

import httpx2
import pytest

from tests.contracts.amazon_connection import check_parameter, settings_for
from tests.contracts.amazon_vendor import NOW
from tests.contracts.published import operation_of, spapi_model
from tests.contracts.retail_reports import (
    DAY,
    MODEL,
    US,
    Reporting,
    check_specification,
    fact,
    forecast,
    midnight,
    sales,
)
from trueup.base.clock import ManualClock
from trueup.base.errors import ConfigurationError, ContractChanged, NotFound, Rejected, Transient, Unauthorized
from trueup.base.secret import Secret
from trueup.connectors.amazon_vendor import reports as reports_module
from trueup.connectors.amazon_vendor.reports import AmazonReports
from trueup.connectors.amazon_vendor.wire import Wire
from trueup.domain.vendor_reports import Program, Question, ReportKind, Scope, View
from trueup.formats.vendor_reports.sales import FORMAT
from trueup.remote.budget import Unlimited
from trueup.remote.capability import Probed, Verdict
from trueup.remote.download import Download, download
from trueup.remote.vendor_reports import Progress, VendorReportSource

SALES = Scope.of(ReportKind.SALES, View.SOURCING, Program.RETAIL)


class Watched(httpx2.BaseTransport):
    """Checks every request of the Reports API against the published model, and that storage is shown no credential."""

    def __init__(self) -> None:
        self._inner = httpx2.HTTPTransport()
        self.asked: list[str] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        if path.startswith("/report-documents/"):
            assert "authorization" not in request.headers and "x-amz-access-token" not in request.headers
        elif path.startswith("/reports/"):
            self._check(request, path.removeprefix("/reports/2021-06-30/"))
        return self._inner.handle_request(request)

    def _check(self, request: httpx2.Request, path: str) -> None:
        names = {("GET", "reports"): "getReports", ("POST", "reports"): "createReport"}
        folder, _, name = path.partition("/")
        named = {("GET", "reports"): "getReport", ("DELETE", "reports"): "cancelReport"}
        operation = (named if name else names).get((request.method, folder), "getReportDocument")
        self.asked.append(operation)
        if request.method == "POST":
            check_specification(json.loads(request.read()))
        parameters = operation_of(spapi_model(MODEL), operation)["parameters"]
        declared = {each["name"]: each for each in parameters if each["in"] == "query" and each["type"] != "array"}
        for parameter, value in request.url.params.multi_items():
            if parameter not in ("reportTypes", "marketplaceIds"):
                check_parameter(declared, parameter, value)

    def close(self) -> None:
        self._inner.close()


class Connected:
    """A simulator and our connection to its reports."""

    def __init__(self) -> None:
        self.amazon = Reporting()
        self.simulator = self.amazon.simulator
        self.clock = ManualClock(NOW)
        self.watched = Watched()
        settings = settings_for(self.amazon.vendor.url)
        self.source = AmazonReports(settings, "US", Unlimited(), self.clock, wire=Wire(self.watched))

    def wait(self, by: timedelta) -> None:
        """Time passes for both."""
        self.clock.advance(by)
        self.simulator.set_clock(self.clock.now())


def question(days_ago: int, days: int = 1) -> Question:
    """Sales of some days."""
    return Question(SALES, midnight(days_ago), midnight(days_ago - days))


def test_a_report_is_asked_for_found_and_fetched_byte_for_byte() -> None:
    """Its capability whole: progress, the document compressed as it lies there, and what it says answers the question."""
    it = Connected()
    offered: object = it.source
    assert isinstance(offered, VendorReportSource) and isinstance(offered, Probed)
    it.simulator.add_retail([fact(midnight(3), sales(5)), fact(midnight(4), sales(6))])
    asked = question(4, 2)
    assert it.source.find_reports(asked, NOW - DAY).value == ()
    reference = it.source.request_report(asked).value
    other = it.source.request_report(question(3)).value
    (found,) = it.source.find_reports(asked, NOW).value
    assert (found.reference, found.progress, found.document) == (reference, Progress.QUEUED, None)
    it.source.cancel_report(other)
    it.wait(timedelta(minutes=1))
    assert it.source.fetch_report(reference).value.progress is Progress.RUNNING
    with pytest.raises(Rejected):
        it.source.cancel_report(reference)
    it.wait(timedelta(minutes=5))
    done = it.source.fetch_report(reference).value
    assert done.progress is Progress.DONE and done.document is not None
    assert done.finished_at == NOW + timedelta(seconds=150)
    content = b"".join(it.source.fetch_document(done.document))
    (report,) = FORMAT.read(gzip.decompress(content)).values
    assert report.answers(asked, US) and not report.answers(question(3), US)
    assert [int(row.numbers["shippedUnits"]) for row in report.rows] == [6, 5]
    assert it.source.fetch_report(other).value.progress is Progress.CANCELLED
    with pytest.raises(NotFound):
        it.source.fetch_report("1")
    (probe,) = it.source.probe()
    assert probe.verdict is Verdict.WORKS


def test_a_forecast_has_neither_window_nor_view() -> None:
    """Any of its kind is found; what it was asked with, the document tells."""
    it = Connected()
    it.simulator.add_retail([fact(midnight(1), forecast("2.5"))])
    asked = Question(Scope.of(ReportKind.FORECAST, View.SOURCING, Program.RETAIL))
    reference = it.source.request_report(asked).value
    assert [each.reference for each in it.source.find_reports(asked, NOW).value] == [reference]


def test_an_address_that_expired_is_asked_for_again() -> None:
    """It is Transient, its address is shown nowhere, and the next try brings the document."""
    it = Connected()
    it.simulator.add_retail([fact(midnight(3), sales(5))])
    reference = it.source.request_report(question(3)).value
    it.wait(timedelta(minutes=5))
    document = it.source.fetch_report(reference).value.document
    assert document is not None
    it.simulator.add_fault({"kind": "address_expired"})
    with pytest.raises(Transient) as caught:
        list(it.source.fetch_document(document))
    assert "expired" in str(caught.value) and "X-Amz" not in str(caught.value) and document not in str(caught.value)
    assert b"".join(it.source.fetch_document(document)).startswith(b"\x1f\x8b")
    assert it.watched.asked.count("getReportDocument") == 2


def test_a_document_larger_than_allowed_is_not_read_further(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is on what comes over the wire."""
    it = Connected()
    it.simulator.add_retail([fact(midnight(3), sales(5))])
    reference = it.source.request_report(question(3)).value
    it.wait(timedelta(minutes=5))
    document = it.source.fetch_report(reference).value.document
    monkeypatch.setattr(reports_module, "LARGEST_DOCUMENT_BYTES", 100)
    with pytest.raises(ContractChanged, match="larger than 100 bytes"):
        list(it.source.fetch_document(str(document)))


def test_a_lost_answer_may_have_been_a_report() -> None:
    """It says so, and the report is found by its kind and window."""
    it = Connected()
    it.simulator.add_fault({"kind": "applied_but_timed_out", "operation": "createReport", "mode": "504"})
    with pytest.raises(Transient) as caught:
        it.source.request_report(question(3))
    assert caught.value.maybe_applied
    assert len(it.source.find_reports(question(3), NOW).value) == 1


def test_an_application_without_the_role_is_told_where_to_click() -> None:
    """The role is Brand Analytics."""
    it = Connected()
    other = {"client_id": "app", "client_secret": "hidden", "refresh_token": "Atzr|other"}
    it.simulator.add_vendor_group(**other, vendor_codes=["RIVAL"])
    settings = settings_for(it.amazon.vendor.url, refresh_token=Secret("Atzr|other"))
    source = AmazonReports(settings, "US", Unlimited(), it.clock)
    with pytest.raises(Unauthorized, match="Brand Analytics"):
        source.request_report(question(3))
    (probe,) = source.probe()
    assert probe.verdict is Verdict.MISSING and "Brand Analytics" in probe.remedy


@pytest.mark.parametrize(
    "address",
    ["ftp://storage.example/x", "http://storage.example/x", "no address", "https://user:word@storage.example/x"],
)
def test_an_address_elsewhere_than_behind_https_is_not_asked(address: str) -> None:
    """Whoever gives the address does not decide what this machine talks to."""
    wanted = Download("document", Secret(address), 10)
    with pytest.raises(ConfigurationError):
        list(download(wanted))


@pytest.mark.parametrize(
    "answer",
    [
        lambda: httpx2.Response(302, headers={"location": "https://elsewhere.example"}),
        lambda: httpx2.Response(500),
        lambda: httpx2.Response(404),
    ],
)
def test_storage_that_does_not_give_it_is_an_error_of_the_tree(answer: Callable[[], httpx2.Response]) -> None:
    """No redirect is followed; what a status means is said without the address."""
    wanted = Download("document", Secret("https://storage.example/a?key=hidden"), 10)
    with pytest.raises((ContractChanged, Transient, NotFound)) as caught:
        list(download(wanted, transport=httpx2.MockTransport(lambda _request: answer())))
    assert "hidden" not in str(caught.value)
