"""Two reports that overlap in a day and say the same stood there as two words: when they came at once, each finding nothing known,
and when the one that was made first came last."""

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
FIGURES = [Figures("B0000OMVEA", DAY, DAY + timedelta(days=1), {"sellableOnHandInventoryUnits": Decimal(63)}, "USD")]


def _told(at: datetime, name: str) -> Told:
    return Told("amazon-us", SCOPE, Saying(at, name), DAY, "0" * 64)


def _words(database: Database) -> list[tuple[datetime, str, str]]:
    with database.transaction() as connection:
        rows = connection.exec_driver_sql("SELECT said_at, said_in, confirmed_in FROM trueup.vendor_figures")
        return [(row.said_at, row.said_in, row.confirmed_in) for row in rows]


def test_the_same_number_told_twice_at_once_is_one_word(database: Database) -> None:
    """The second waits until the first is kept, and then only confirms it."""
    news: list[int] = []

    def second() -> None:
        with database.transaction() as connection:
            news.append(keep_figures(connection, _told(DAY, "second"), FIGURES))

    other = threading.Thread(target=second)
    with database.transaction() as connection:
        assert keep_figures(connection, _told(DAY, "first"), FIGURES) == 1
        other.start()
        other.join(0.3)  # without the lock it would have written its own word by now
    other.join()
    assert _words(database) == [(DAY, "first", "second")] and news == [0]


def test_a_report_that_was_made_first_and_came_last_is_where_the_word_begins(database: Database) -> None:
    """The later one was known already: it confirms the same word, and is none of its own."""
    earlier = DAY - timedelta(minutes=2)
    for at, name in ((DAY, "later"), (earlier, "earlier")):
        with database.transaction() as connection:
            keep_figures(connection, _told(at, name), FIGURES)
    assert _words(database) == [(earlier, "earlier", "later")]
