"""GET_VENDOR_REAL_TIME_SALES_REPORT: what was ordered, a row a product and hour; negative where more was cancelled.

Source: vendorRealTimeSalesReport.json.
"""

from __future__ import annotations

from trueup.domain.vendor_reports import ReportKind
from trueup.formats.vendor_reports._rows import Table, format_of

TABLE = Table(
    ReportKind.HOUR_SALES,
    "GET_VENDOR_REAL_TIME_SALES_REPORT",
    rows="reportData",
    needed=("orderedUnits", "orderedRevenue"),
)
FORMAT = format_of(TABLE, "Amazon vendor real-time sales report")
