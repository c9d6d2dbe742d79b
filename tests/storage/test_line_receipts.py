"""Receipts of lines as they are kept: which word on a line is the newest, and what is told of the others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from trueup.base.quantity import Unit
from trueup.domain.landing import LineStatus, OrderStatus
from trueup.storage.database import Database
from trueup.storage.line_receipts import LineReceipt, Look, list_receipts, load_receipts, save_receipts

T1 = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
T2, T3 = T1 + HOUR, T1 + 2 * HOUR


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


def test_the_same_numbers_told_again_are_no_other_evidence(database: Database) -> None:
    """What an exhibit names is the first look that showed what stands, until the numbers change."""

    def told() -> tuple[int, str, datetime]:
        with database.transaction() as connection:
            found = load_receipts(connection, "buyer", "PO1")[1]
        return found.received, found.evidence, found.seen_at

    for number, (received, at, first) in enumerate(((3, T1, "0"), (5, T2, "1"), (5, T3, "1"), (3, T3 + HOUR, "3"))):
        line = LineStatus(1, 5, 5, 0, "ACCEPTED", None, received=received)
        with database.transaction() as connection:
            save_receipts(
                connection, Look("buyer", "source", str(number) * 64, at), OrderStatus("PO1", True, at, (line,))
            )
        assert told() == (received, first * 64, (T1, T2, T3, T3 + HOUR)[int(first)])


@pytest.mark.parametrize(
    ("received", "unit", "unit_size", "ordered", "size", "eaches"),
    [
        (12, Unit.EACH, 1, Unit.CASE, 6, 12),
        (12, Unit.EACH, None, Unit.CASE, None, 12),
        (2, Unit.CASE, 4, Unit.CASE, 6, 8),
        (2, Unit.CASE, None, Unit.CASE, 6, 12),
        (2, Unit.CASE, 4, Unit.EACH, 1, 8),
        (2, Unit.CASE, None, Unit.EACH, 1, None),
        (2, Unit.CASE, None, Unit.CASE, None, None),
        (0, Unit.CASE, None, Unit.CASE, None, 0),
        (2, None, None, Unit.CASE, 6, 12),
        (2, None, None, Unit.CASE, None, None),
    ],
)
def test_receipts_are_counted_in_eaches_by_their_own_unit(
    received: int, unit: Unit | None, unit_size: int | None, ordered: Unit, size: int | None, eaches: int | None
) -> None:
    """The size of the order's cases is that of a receipt in cases that says none, and of a receipt without a unit."""
    assert LineReceipt(1, received, None, "source", "", T1, unit, unit_size).eaches(ordered, size) == eaches


def test_the_unit_of_a_receipt_is_kept(database: Database) -> None:
    """The same number of another unit is another word."""
    with database.transaction() as connection:
        for unit, size in ((Unit.CASE, 6), (Unit.EACH, 1), (None, None)):
            line = LineStatus(1, 5, 5, 0, "ACCEPTED", None, received=2, unit=unit, unit_size=size)
            save_receipts(connection, Look("buyer", "source", "0" * 64, T3), OrderStatus("PO1", True, None, (line,)))
        kept = [(each.unit, each.unit_size) for each in list_receipts(connection, "buyer", "PO1")]
    assert kept == [(Unit.CASE, 6), (Unit.EACH, 1), (None, None)]
