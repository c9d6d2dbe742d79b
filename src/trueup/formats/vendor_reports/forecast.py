"""GET_VENDOR_FORECASTING_REPORT: what Amazon expects to sell, a row a product and week from Sunday to Saturday.

Beside the mean, the units with which Amazon expects not to run out in 70, 80 and 90 of 100 such weeks. Source:
vendorForecastingReport.json.
"""

from __future__ import annotations

from trueup.domain.vendor_reports import ReportKind
from trueup.formats.vendor_reports._rows import Table, format_of

TABLE = Table(
    ReportKind.FORECAST,
    "GET_VENDOR_FORECASTING_REPORT",
    rows="forecastByAsin",
    needed=("meanForecastUnits", "p70ForecastUnits", "p80ForecastUnits", "p90ForecastUnits"),
)
FORMAT = format_of(TABLE, "Amazon vendor forecasting report")
