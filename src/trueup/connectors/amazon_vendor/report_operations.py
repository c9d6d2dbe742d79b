"""The operations of the Reports API 2021-06-30, and how each vendor report is asked for there.

Sources: reports_2021-06-30.json (usage plans) and the published schemas of the reports (options); Amazon's list of report types
(the role Brand Analytics).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from trueup.base.clock import write_instant
from trueup.connectors.amazon_vendor.operations import Operation
from trueup.domain.vendor_reports import Question, ReportKind

REPORT_ROLES = "Brand Analytics"
_REPORTS = "/reports/2021-06-30/reports"

CREATE_REPORT = Operation("createReport", "POST", _REPORTS, 0.0167, 15, REPORT_ROLES)
GET_REPORTS = Operation("getReports", "GET", _REPORTS, 0.0222, 10, REPORT_ROLES)
GET_REPORT = Operation("getReport", "GET", f"{_REPORTS}/{{}}", 2, 15, REPORT_ROLES)
CANCEL_REPORT = Operation("cancelReport", "DELETE", f"{_REPORTS}/{{}}", 0.0222, 10, REPORT_ROLES)
GET_REPORT_DOCUMENT = Operation(
    "getReportDocument", "GET", "/reports/2021-06-30/documents/{}", 0.0167, 15, REPORT_ROLES
)

REPORT_TYPES: Mapping[ReportKind, str] = {
    ReportKind.SALES: "GET_VENDOR_SALES_REPORT",
    ReportKind.INVENTORY: "GET_VENDOR_INVENTORY_REPORT",
    ReportKind.FORECAST: "GET_VENDOR_FORECASTING_REPORT",
    ReportKind.HOUR_SALES: "GET_VENDOR_REAL_TIME_SALES_REPORT",
    ReportKind.HOUR_INVENTORY: "GET_VENDOR_REAL_TIME_INVENTORY_REPORT",
}
_DAY = timedelta(days=1)


def options_of(question: Question) -> dict[str, str]:
    """The report's options: strings in an object, as Amazon wants them."""
    scope = question.scope
    options = {"distributorView": scope.view.upper(), "sellingProgram": scope.program.upper()}
    if scope.kind in (ReportKind.SALES, ReportKind.INVENTORY):
        options["reportPeriod"] = "DAY"
    return {name: value for name, value in options.items() if value}


def window_of(question: Question) -> tuple[str, str] | None:
    """The window as Amazon wants it: its last day is included, hours end where they end. None for a forecast."""
    if question.start is None or question.end is None:
        return None
    last = question.end if question.scope.kind.by_hour else question.end - _DAY
    return write_instant(question.start), write_instant(last)
