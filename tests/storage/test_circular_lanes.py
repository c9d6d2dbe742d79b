"""Lanes are counted by kind; looking at every item says the same."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.domain.circular import (
    BlockedDate,
    BlockedResource,
    Condition,
    Cycle,
    CycleStatus,
    Item,
    Method,
    Readiness,
    Unknown,
    Visibility,
)
from trueup.domain.circular_stages import Stage, stage_of
from trueup.domain.circular_units import Lane
from trueup.storage.circular import Kind, Said, mark_gone, save_records
from trueup.storage.circular_units import load_units
from trueup.storage.database import Database
from trueup.storage.views.circular import count_lanes, list_cycles
from trueup.storage.views.circular_lanes import (
    Asked,
    count_overdue,
    count_stages,
    growing_overdue,
    growing_returns,
    growing_units,
    list_lanes,
    list_units,
)

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SAID = Said("programme", "0" * 64, NOW)
DAY = timedelta(days=1)


def made(chance: Random, number: int) -> Item:
    """An item of any kind."""
    return Item(
        number,
        chance.choice([*Visibility, Visibility.AVAILABLE, Visibility.AVAILABLE, Unknown("lost")]),
        chance.choice(list(Readiness)),
        variant=chance.choice([None, "variant-1", "variant-2"]),
        product=chance.choice([None, "product-1", "product-2"]),
        acquisition_cost=chance.choice([None, Money(number * 100, "USD")]),
        active_cycle=chance.choice([None, None, None, 7]),
        active_return=chance.choice([None, None, None, 9]),
        condition=chance.choice([None, Condition(1, "Used"), Condition(2, "Damaged (Repairable)")]),
    )


def given_away(chance: Random, number: int, items: int) -> Cycle:
    """A cycle at any point of its way."""

    def some_day() -> datetime | None:
        return NOW + chance.randrange(-9, 9) * DAY if chance.random() < 0.6 else None

    return Cycle(
        number,
        chance.choice([*Method, Unknown("swap")]),
        chance.choice([CycleStatus.SCHEDULED, CycleStatus.FULFILLED, CycleStatus.CANCELLED]),
        item=chance.randrange(1, items),
        fulfill_at=some_day(),
        fulfilled_at=some_day(),
        rental_start=some_day(),
        rental_end=some_day(),
        receive_at=some_day(),
        received_at=some_day() if chance.random() < 0.3 else None,
        restock_by=some_day(),
        restocked_at=NOW - DAY if chance.random() < 0.2 else None,
        created_at=some_day(),
    )


def test_lanes_counted_by_kind_are_those_of_every_item(database: Database) -> None:
    """Whatever is said of items, and whatever lies on them: cycles, blocked days of items, variants and products, and nothing."""
    chance = Random(11)
    items = [made(chance, number) for number in range(1, 900)]
    cycles = [given_away(chance, number, len(items)) for number in range(1, 300)]
    blocks = [
        BlockedDate(1, BlockedResource.ITEM, 17, date(2026, 11, 1), None),
        BlockedDate(2, BlockedResource.VARIANT, 0, date(2026, 11, 1), date(2026, 12, 1), variant="variant-2"),
        BlockedDate(3, BlockedResource.PRODUCT, 0, date(2026, 11, 1), date(2026, 11, 2), product="product-2"),
    ]
    with database.transaction() as connection:
        assert count_lanes(connection, NOW) == dict.fromkeys(Lane, 0)
        for step in range(2):
            save_records(connection, [*items, *cycles] if step == 0 else blocks, SAID)
            for gone in range(1, 900, 23):
                mark_gone(connection, Kind.ITEM, gone, SAID)
            every = Counter(unit.lane(NOW) for unit in load_units(connection))
            assert len(every) > 8, "the items are of too few kinds to prove anything"
            assert count_lanes(connection, NOW) == {lane: every[lane] for lane in Lane}
            _same_stages(connection)


def _same_stages(connection: sa.Connection) -> None:
    """Counts, the rows behind each count page by page, and the first rows of each stage are those of every unit."""
    units = load_units(connection)
    counts = count_stages(connection, NOW)
    assert counts == {stage: sum(stage_of(unit, NOW) is stage for unit in units) for stage in Stage}
    assert all(counts.values()), "a stage without units proves nothing"
    for stage in Stage:
        found: list[int] = []
        place = ("", 0)
        while page := list_units(connection, NOW, Asked(stage=stage), (place, 40)):
            found += [row["id"] for row in page]
            place = (page[-1]["programme"], page[-1]["id"])
        assert found == [unit.item.id for unit in units if stage_of(unit, NOW) is stage]
    late = list_cycles(connection, NOW, overdue=True, limit=1000)
    worth = sum(row["value_minor"] or 0 for row in late)
    overdue = count_overdue(connection, NOW)
    assert (overdue.count, [money.minor for money in overdue.value]) == (len(late), [worth]) and worth
    for lane in list_lanes(connection, NOW, 5):
        assert len(lane.rows) == min(5, counts[lane.stage]) and {row["stage"] for row in lane.rows} == {
            lane.stage.value
        }


def test_each_view_counts_what_it_shows(database: Database) -> None:
    """Rentals that are overdue are as many as their list has; units that came are none of them, and there is no return."""
    chance = Random(5)
    items = [made(chance, number) for number in range(1, 40)]
    cycles = [given_away(chance, number, len(items)) for number in range(1, 90)]
    with database.transaction() as connection:
        units, late = growing_units(NOW, Asked()), growing_overdue(NOW)
        save_records(connection, items, SAID)
        newest = late.newest(connection)
        assert units.count_after(connection, 0) == (len(items), False) and late.count_after(connection, 0) == (0, False)
        save_records(connection, cycles, SAID)
        shown = list_cycles(connection, NOW, overdue=True, limit=1000)
        assert shown and late.count_after(connection, newest) == (len(shown), False)
        assert growing_returns().count_after(connection, 0) == (0, False)
