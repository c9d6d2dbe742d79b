"""The calendar of units, for any rentals: a unit is promised to nobody twice, and what is free adds up at every instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from trueup.domain.circular import Condition, Cycle, CycleStatus, Item, Method, Readiness, Visibility, Window
from trueup.domain.circular_units import Fitness, Unit, is_free
from trueup.domain.unit_calendar import answer_units, calendar, free_throughout, with_reallocation

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANY = Fitness()


@st.composite
def units(draw: st.DrawFn) -> list[Unit]:
    """Units with rentals to come, under way, or without an end."""
    found = []
    for number in range(draw(st.integers(0, 6))):
        cycles = []
        at = draw(st.integers(-20, 10))
        for index in range(draw(st.integers(0, 3))):
            length = draw(st.integers(1, 30))
            start = NOW + at * HOUR
            out = start <= NOW
            end = None if draw(st.booleans()) and draw(st.booleans()) else start + length * HOUR
            cycles.append(
                Cycle(
                    id=number * 10 + index,
                    method=Method.SUBSCRIPTION if end is None else Method.CALENDAR,
                    status=CycleStatus.FULFILLED if out else CycleStatus.SCHEDULED,
                    item=number,
                    fulfill_at=start,
                    fulfilled_at=start if out else None,
                    rental_start=start,
                    rental_end=end,
                )
            )
            at += length + draw(st.integers(0, 5))
        item = Item(
            number,
            draw(
                st.sampled_from([Visibility.AVAILABLE, Visibility.AVAILABLE, Visibility.UNAVAILABLE, Visibility.SOLD])
            ),
            draw(st.sampled_from([Readiness.PROCESSED, Readiness.PROCESSED, Readiness.UNPROCESSED])),
            condition=Condition(1, draw(st.sampled_from(["Unused", "Used"]))),
        )
        found.append(Unit("rental", item, tuple(cycles)))
    return found


@st.composite
def intervals(draw: st.DrawFn) -> Window:
    """From now or later, for some hours or for good."""
    start = NOW + draw(st.integers(0, 40)) * HOUR
    return Window(start, draw(st.one_of(st.none(), st.integers(1, 60).map(lambda hours: start + hours * HOUR))))


@settings(deadline=None)
@given(st.data(), units(), intervals())
def test_what_is_free_throughout_is_free_at_every_instant(
    data: st.DataObject, found: list[Unit], asked: Window
) -> None:
    """Never more than are free at the scarcest instant; moving rentals never makes fewer; the order of units means nothing."""
    throughout = free_throughout(found, ANY, asked, NOW)
    steps = calendar(found, ANY, asked, NOW)
    assert throughout <= min(step.free for step in steps) == with_reallocation(found, ANY, asked, NOW)
    assert steps[0].at == asked.start and all(step.free >= 0 for step in steps)
    assert len({step.free + step.taken for step in steps}) == 1, "every usable unit is free or taken at every instant"
    mixed = data.draw(st.permutations(found))
    assert answer_units(mixed, ANY, asked, NOW) == answer_units(found, ANY, asked, NOW)
    for answer in answer_units(found, ANY, asked, NOW):
        assert answer.free == (answer.why == "free to be taken")
        windows = [window for _, window in answer.unit.windows(NOW)]
        assert not (answer.free and any(window.overlaps(asked) for window in windows)), "given to two at once"


@settings(deadline=None)
@given(units(), intervals())
def test_a_longer_interval_never_has_more(found: list[Unit], asked: Window) -> None:
    """What can be had for good can be had for a day."""
    for_good = free_throughout(found, ANY, Window(asked.start), NOW)
    assert for_good <= free_throughout(found, ANY, asked, NOW)


@settings(deadline=None)
@given(units())
def test_for_good_and_from_now_is_what_wholesale_may_take(found: list[Unit]) -> None:
    """The calendar and the rule of lanes agree."""
    for fitness in (ANY, Fitness(frozenset({"Unused"})), Fitness(ready_only=False)):
        taken = sum(is_free(unit, fitness, NOW) for unit in found)
        assert free_throughout(found, fitness, Window(NOW), NOW) == taken
