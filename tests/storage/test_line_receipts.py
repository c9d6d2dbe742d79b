"""Receipts of lines as they are kept: which word on a line is the newest, and what is told of the others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from trueup.domain.landing import LineStatus, OrderStatus
from trueup.storage.database import Database
from trueup.storage.line_receipts import Look, list_receipts, load_receipts, save_receipts

T1 = datetime(2026, 11, 23, 9, tzinfo=UTC)
T2, T3 = T1 + timedelta(hours=1), T1 + timedelta(hours=2)


def tell(database: Database, received: int, at: datetime | None) -> int:
    """A status of that time says so many of line 1; of how many lines that was news."""
    line = LineStatus(1, 5, 5, 0, "ACCEPTED", None, received=received)
    with database.transaction() as connection:
        return save_receipts(connection, Look("buyer", "source", "0" * 64, T3), OrderStatus("PO1", True, at, (line,)))


def test_a_number_that_was_told_again_is_not_overtaken_by_what_was_told_before(database: Database) -> None:
    """Five, five again, then a late page with three of in between: five stands, was news once, and is told once."""
    assert [tell(database, 5, T1), tell(database, 5, T1), tell(database, 5, None), tell(database, 5, T3)] == [
        1,
        0,
        0,
        0,
    ]
    assert tell(database, 3, T2) == 0
    with database.transaction() as connection:
        assert load_receipts(connection, "buyer", "PO1")[1].received == 5
        assert [each.received for each in list_receipts(connection, "buyer", "PO1")] == [5]
        kept = connection.exec_driver_sql("SELECT told_at FROM trueup.line_receipts ORDER BY id").scalars().all()
        assert kept == [T1, T3], "a look that tells nothing of a later time is no row"
