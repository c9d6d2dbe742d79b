"""Amazon's figures of the products of the console's filled database: five weeks of days, one restated, and forecasts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from trueup.domain.figure_history import Saying
from trueup.domain.vendor_reports import Figures, Program, ReportKind, Scope, View
from trueup.storage.database import Database
from trueup.storage.vendor_figures import Told, keep_figures

SOURCE = "amazon-us-reports-US"
REPORTS = '\n[[partners.reports]]\nmarketplace = "US"\n'
DAY = timedelta(days=1)
LAMP = "B000000001"


def tell_figures(database: Database, now: datetime) -> None:
    """Two units shipped a day, a lamp received a day, 100 on hand and falling; the fifth day back was said otherwise first."""
    today = datetime(now.year, now.month, now.day, tzinfo=UTC)
    sales = [_of(today - ago * DAY, shippedUnits=2, customerReturns=0) for ago in range(3, 35)]
    stock = [
        _of(
            today - ago * DAY,
            netReceivedInventoryUnits=1,
            sellableOnHandInventoryUnits=60 + ago,
            openPurchaseOrderUnits=12,
        )
        for ago in range(3, 35)
    ]
    sunday = today - (today.isoweekday() % 7) * DAY
    weeks = [
        Figures(LAMP, at, at + 7 * DAY, {"meanForecastUnits": Decimal("13.5"), "p90ForecastUnits": Decimal(20)}, "")
        for at in (sunday + week * 7 * DAY for week in range(-4, 6))
    ]
    _tell(database, ReportKind.SALES, now - DAY, [_of(today - 5 * DAY, shippedUnits=1, customerReturns=0)])
    for kind, rows in ((ReportKind.SALES, sales), (ReportKind.INVENTORY, stock), (ReportKind.FORECAST, weeks)):
        _tell(database, kind, now, rows)


def _of(day: datetime, **numbers: int) -> Figures:
    return Figures(LAMP, day, day + DAY, {name: Decimal(value) for name, value in numbers.items()}, "USD")


def _tell(database: Database, kind: ReportKind, made_at: datetime, rows: list[Figures]) -> None:
    scope = Scope.of(kind, View.SOURCING, Program.RETAIL)
    with database.transaction() as connection:
        keep_figures(connection, Told(SOURCE, scope, Saying(made_at, kind.value), made_at, "0" * 64), rows)
