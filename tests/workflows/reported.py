"""Reports for scenarios: Amazon's Reports API over HTTP, our connection, its flows, and time turned by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.contracts.retail_reports import fact
from tests.workflows.bookkeeping import PARTNER, Bookkeeping
from tests.workflows.crashing import outlive
from trueup.app import FLOWS
from trueup.base.secret import Secret
from trueup.connectors.amazon_vendor import AmazonVendorSettings
from trueup.connectors.amazon_vendor.reports import AmazonReports
from trueup.connectors.amazon_vendor.wire import Wire
from trueup.domain.report_plans import ReportTerms
from trueup.domain.vendor_reports import ReportKind
from trueup.durable.engine import Program
from trueup.durable.in_process import InProcessEngine
from trueup.durable.simulated import run_until
from trueup.remote.budget import Unlimited
from trueup.remote.connections import Connections
from trueup.simulators.amazon import AmazonSimulator
from trueup.simulators.amazon.access import BRAND_ANALYTICS, FULFILLMENT, TRACKING
from trueup.simulators.serving import serve
from trueup.storage.database import Database
from trueup.workflows.plan_reports import ensure_reports

SOURCE = f"{PARTNER}-reports-US"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TERMS = ReportTerms(PARTNER, "US", kinds=(ReportKind.SALES,), late_days=3, back_fill_days=0)


class Reported(Bookkeeping):
    """An installation that asks for reports, and Amazon beside it."""

    amazon: AmazonSimulator

    def day(self, ago: int) -> datetime:
        """The beginning of a day so long ago."""
        now = self.clock.now()
        return datetime(now.year, now.month, now.day, tzinfo=UTC) - ago * DAY

    def tell(self, at: datetime | str, figures: dict[str, Any], asin: str = "B000000001", **more: Any) -> None:
        """Amazon learns something of a product."""
        self.amazon.add_retail([fact(at, figures, asin, vendorCode="NORDA", **more)])

    def pass_time(self, by: timedelta) -> None:
        """Let everything happen that happens until then, however often a worker is killed."""
        until = self.clock.now() + by
        outlive(self.engine, lambda: run_until(self.engine, self.clock, until, self.amazon.next_event))

    def reports(self, columns: str = "state") -> list[Any]:
        """Columns of every report, in the order they were planned."""
        found = self.rows(f"SELECT {columns} FROM trueup.vendor_reports ORDER BY id")
        return [row[0] if len(row) == 1 else tuple(row) for row in found]

    def held(self, name: str = "shippedUnits") -> dict[tuple[str, str], str]:
        """What holds of a figure by product and day."""
        query = "SELECT asin, begins, numbers ->> :name FROM trueup.vendor_figures WHERE holds ORDER BY 1, 2"
        return {(asin, f"{begins:%d.%m.}"): value for asin, begins, value in self.rows(query, name=name)}

    def requests(self, operation: str) -> int:
        """How often Amazon was asked an operation with success."""
        return sum(each.operation == operation and each.status < 300 for each in self.amazon.journal.requests)


@contextmanager
def report(
    database: Database,
    terms: ReportTerms = TERMS,
    *,
    roles: Sequence[str] = (FULFILLMENT, TRACKING, BRAND_ANALYTICS),
    crash_at: int | None = None,
) -> Iterator[Reported]:
    """An installation whose plans begin when `begin` is called."""
    books = Reported(database)
    books.amazon = AmazonSimulator(now=books.clock.now, rate_limit=False)
    names = {"client_id": "client", "client_secret": "secret", "refresh_token": "refresh"}
    books.amazon.add_vendor_group(**names, vendor_codes=["NORDA"], roles=tuple(roles))
    with serve(books.amazon.app) as server:
        effects: list[Any] = []
        settings = AmazonVendorSettings(
            name=PARTNER,
            region="na",
            client_id="client",
            client_secret=Secret("secret"),
            refresh_token=Secret("refresh"),
            endpoint=server.url,
            token_endpoint=f"{server.url}/auth/o2/token",
        )
        wire = Wire(None, lambda label: effects[0](label) if effects else None)
        source = AmazonReports(settings, "US", Unlimited(), books.clock, wire=wire)
        books.world = replace(
            books.world, connections=Connections(vendor_reports={SOURCE: source}), reports={SOURCE: terms}
        )
        books.engine = InProcessEngine(database.engine, Program(books.world, FLOWS, books.clock), crash_at=crash_at)
        effects.append(books.engine.count_effect)
        try:
            yield books
        finally:
            source.close()


def begin(books: Reported) -> None:
    """The plans begin."""
    books.engine.act(ensure_reports)
