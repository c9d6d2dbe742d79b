"""GET_VENDOR_REAL_TIME_INVENTORY_REPORT: what could be sold on the website, a row a product and hour.

Source: vendorRealTimeInventoryReport.json.
"""

from __future__ import annotations

from trueup.domain.vendor_reports import ReportKind
from trueup.formats.vendor_reports._rows import Table, format_of

TABLE = Table(
    ReportKind.HOUR_INVENTORY,
    "GET_VENDOR_REAL_TIME_INVENTORY_REPORT",
    rows="reportData",
    needed=("highlyAvailableInventory",),
)
FORMAT = format_of(TABLE, "Amazon vendor real-time inventory report")
