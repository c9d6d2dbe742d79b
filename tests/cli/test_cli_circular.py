"""Circular programmes at the command line: items by lane, what is overdue by its value, and the story of one unit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.seeded import CommandLine
from trueup.base.money import Money
from trueup.domain.circular import (
    Cycle,
    CycleStatus,
    Item,
    Method,
    Readiness,
    ReturnLine,
    ReturnLineStatus,
    ReturnOrder,
    ReturnStatus,
    Visibility,
)
from trueup.storage.circular import Record, Said, save_records
from trueup.storage.database import Database

LONG_AGO = datetime(2026, 1, 5, 12, tzinfo=UTC)


def item(number: int, visibility: Visibility = Visibility.AVAILABLE, cost: int = 0) -> Item:
    """An item with a serial, and what it cost."""
    price = Money(cost, "USD") if cost else None
    return Item(number, visibility, Readiness.PROCESSED, None, None, "Tent", f"T-{number}", acquisition_cost=price)


def rental(number: int, of: int) -> Cycle:
    """A rental that should have come back long ago."""
    end = LONG_AGO + timedelta(days=7)
    return Cycle(
        number, Method.CALENDAR, CycleStatus.FULFILLED, of, fulfilled_at=LONG_AGO, rental_start=LONG_AGO, rental_end=end
    )


@pytest.fixture
def circled(trueup: CommandLine) -> CommandLine:
    """Two items that are overdue, one that is free, one withheld, and a return."""
    line = ReturnLine(1, ReturnLineStatus.MISSING, 21, 2)
    records: list[Record] = [
        item(1, cost=9000),
        item(2, cost=50000),
        item(3),
        item(4, Visibility.UNAVAILABLE),
        rental(20, 1),
        rental(21, 2),
        ReturnOrder(31, ReturnStatus.IN_PROGRESS, (line,)),
    ]
    database = Database(trueup.environ["DATABASE_URL"])
    with database.transaction() as connection:
        save_records(connection, records, Said("supercycle", "a" * 64, LONG_AGO))
    database.close()
    return trueup


def test_items_are_listed_by_lane(circled: CommandLine) -> None:
    """Each in the lane it is in now; one lane alone; page by page."""
    rows = circled("circular", "items", "--json").json
    assert [(row["serial"], row["lane"]) for row in rows] == [
        ("T-1", "overdue"), ("T-2", "overdue"), ("T-3", "free"), ("T-4", "withheld"),
    ]  # fmt: skip
    assert [row["id"] for row in circled("circular", "items", "--lane", "overdue", "--json").json] == [1, 2]
    assert [row["id"] for row in circled("circular", "items", "--after", "supercycle/2", "--json").json] == [3, 4]
    wrong = circled("circular", "items", "--lane", "lost")
    assert wrong.code == 2 and "expected one of free, booked" in wrong.err


def test_what_is_overdue_is_listed_by_its_value(circled: CommandLine) -> None:
    """The most valuable first, with the days that it is late."""
    rows = circled("circular", "cycles", "--overdue", "--json").json
    assert [(row["item"], row["value"]) for row in rows] == [(2, "500.00 USD"), (1, "90.00 USD")]
    assert all(row["overdue_days"] > 300 and row["to"] is None for row in rows)
    assert circled("circular", "returns", "--json").json[0]["missing"] == 1


def test_the_story_of_a_unit_is_told_by_its_serial(circled: CommandLine) -> None:
    """Who has it, since when, and on what evidence; one that does not exist names the list."""
    told = circled("circular", "show", "T-2")
    assert told.code == 0 and "with a customer, overdue" in told.out and "calendar rental 21" in told.out
    assert "aaaaaaaaaaaaaaaa" in told.out
    missing = circled("circular", "show", "T-99")
    assert missing.code == 2 and "`trueup circular items` lists them" in missing.err
