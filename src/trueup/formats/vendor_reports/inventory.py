"""GET_VENDOR_INVENTORY_REPORT: what Amazon holds, received and has on order, a row a product and day.

What is on hand is so at the end of the day, and negative where Amazon owes customers more than it has. Source:
vendorInventoryReport.json.
"""

from __future__ import annotations

from trueup.domain.vendor_reports import ReportKind
from trueup.formats.vendor_reports._rows import Table, format_of

TABLE = Table(
    ReportKind.INVENTORY,
    "GET_VENDOR_INVENTORY_REPORT",
    rows="inventoryByAsin",
    needed=("sellableOnHandInventoryUnits", "openPurchaseOrderUnits", "netReceivedInventoryUnits"),
    totals="inventoryAggregate",
    added=("sellableOnHandInventoryUnits", "openPurchaseOrderUnits", "netReceivedInventoryUnits"),
)
FORMAT = format_of(TABLE, "Amazon vendor inventory report")
