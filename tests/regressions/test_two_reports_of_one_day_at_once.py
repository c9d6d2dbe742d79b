"""Two reports that overlap in a day and came at once each found nothing known of it: one number stood there as two words."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from trueup.domain.figure_history import Saying
from trueup.domain.vendor_reports import Figures, Program, ReportKind, Scope, View
from trueup.storage.database import Database
from trueup.storage.vendor_figures import Told, keep_figures

DAY = datetime(2026, 10, 26, tzinfo=UTC)
SCOPE = Scope.of(ReportKind.INVENTORY, View.SOURCING, Program.RETAIL)


def test_the_same_number_told_twice_at_once_is_one_word(database: Database) -> None:
    """The second waits until the first is kept, and then only confirms it."""
    figures = [
        Figures("B0000OMVEA", DAY, DAY + timedelta(days=1), {"sellableOnHandInventoryUnits": Decimal(63)}, "USD")
    ]
    told = [Told("amazon-us", SCOPE, Saying(DAY, name), DAY, "0" * 64) for name in ("first", "second")]
    news: list[int] = []

    def second() -> None:
        with database.transaction() as connection:
            news.append(keep_figures(connection, told[1], figures))

    other = threading.Thread(target=second)
    with database.transaction() as connection:
        assert keep_figures(connection, told[0], figures) == 1
        other.start()
        other.join(0.3)  # without the lock it would have written its own word by now
    other.join()
    with database.transaction() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM trueup.vendor_figures").scalar_one() == 1
    assert news == [0]
