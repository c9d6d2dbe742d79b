"""GET_VENDOR_SALES_REPORT: what Amazon's customers ordered and were shipped, a row a product and day.

Ordered figures come in the manufacturing view alone, returns not in the programme FRESH. Source: vendorSalesReport.json.
"""

from __future__ import annotations

from trueup.domain.vendor_reports import ReportKind
from trueup.formats.vendor_reports._rows import Table, format_of

TABLE = Table(
    ReportKind.SALES,
    "GET_VENDOR_SALES_REPORT",
    rows="salesByAsin",
    needed=("shippedUnits", "shippedRevenue", "shippedCogs"),
    totals="salesAggregate",
    added=("shippedUnits", "orderedUnits", "customerReturns"),
)
FORMAT = format_of(TABLE, "Amazon vendor sales report")
