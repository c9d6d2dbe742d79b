"""Units: each is in one lane, wholesale chooses only what nobody needs, and two that need one unit are found."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

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
from trueup.domain.circular_units import (
    NOT_OURS,
    Claim,
    ClaimState,
    Fitness,
    Lane,
    Unit,
    choose_units,
    clashes,
    is_free,
    tally,
)

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
DAYS = st.none() | st.integers(-30, 60).map(lambda days: NOW + timedelta(days=days))
ANY = Fitness(None, False)
CLAIM = Claim(1, "p", 1, 7, 1, ClaimState.HELD, NOW, "BIKE-1")
CYCLES = st.builds(
    Cycle,
    st.integers(1, 9),
    st.sampled_from([*Method, Unknown("gift")]),
    st.sampled_from([*CycleStatus, Unknown("on_hold")]),
    st.just(1),
    fulfill_at=DAYS,
    fulfilled_at=DAYS,
    rental_start=DAYS,
    rental_end=DAYS,
    received_at=DAYS,
    restocked_at=DAYS,
)
ITEMS = st.builds(
    Item,
    st.just(1),
    st.sampled_from([*Visibility, Unknown("in_repair")]),
    st.sampled_from([*Readiness, Unknown("cleaning")]),
    condition=st.none() | st.sampled_from([Condition(1, "Unused"), Condition(2, "Used")]),
    active_cycle=st.none() | st.just(5),
    active_return=st.none() | st.just(6),
)
BLOCKS = st.builds(
    BlockedDate,
    st.just(1),
    st.just(BlockedResource.ITEM),
    st.just(1),
    st.none(),
    st.none() | st.just(date(2026, 12, 1)),
)
UNITS = st.builds(
    Unit,
    st.just("p"),
    ITEMS,
    st.lists(CYCLES, max_size=3).map(tuple),
    st.lists(BLOCKS, max_size=1).map(tuple),
    st.none() | st.just(CLAIM),
    st.booleans(),
)


def rental(number: int, first: int, last: int) -> Cycle:
    """A rental from so many days on to so many."""
    start, end = NOW + timedelta(days=first), NOW + timedelta(days=last)
    return Cycle(number, Method.CALENDAR, CycleStatus.SCHEDULED, 1, rental_start=start, rental_end=end)


def free(number: int = 1, *cycles: Cycle, claim: Claim | None = None) -> Unit:
    """An available and ready unit."""
    return Unit("p", Item(number, Visibility.AVAILABLE, Readiness.PROCESSED), cycles, claim=claim)


@given(UNITS)
@settings(max_examples=300, deadline=None)
def test_what_is_free_has_nobody_who_needs_it(unit: Unit) -> None:
    """No cycle now or later, no claim, no block, no state that we do not know: else it is in another lane."""
    if is_free(unit, ANY, NOW):
        assert unit.item.visibility is Visibility.AVAILABLE and unit.claim is None and not unit.gone
        assert unit.item.active_cycle is None and unit.item.active_return is None
        assert not list(unit.windows(NOW)) and not any(cycle.is_out for cycle in unit.cycles)
        assert clashes(unit, NOW) == ()


@given(st.lists(UNITS, max_size=6), st.sampled_from([ANY, Fitness(), Fitness(frozenset({"Unused"}))]))
@settings(max_examples=150, deadline=None)
def test_every_unit_is_counted_once(units: list[Unit], fitness: Fitness) -> None:
    """What is there is rented, claimed, not offered or free; and free is exactly what can be chosen."""
    counted = tally(units, fitness, NOW)
    assert counted.there == sum(unit.lane(NOW) not in NOT_OURS for unit in units)
    assert counted.free == len(choose_units(units, 99, fitness, NOW)) >= 0


def test_those_first_that_came_first_and_never_more_than_wanted() -> None:
    """Two runs choose the same."""
    units = [free(9), free(3), free(5, rental(1, 4, 8)), free(4)]
    assert [unit.item.id for unit in choose_units(units, 2, ANY, NOW)] == [3, 4]
    assert choose_units(units, 0, ANY, NOW) == ()


def test_two_rentals_of_one_unit_clash_only_where_they_meet() -> None:
    """And each says when."""
    assert clashes(free(1, rental(1, 2, 5), rental(2, 6, 9)), NOW) == ()
    [clash] = clashes(free(1, rental(1, 2, 7), rental(2, 6, 9)), NOW)
    assert (clash.window.start, clash.window.end) == (NOW + timedelta(days=6), NOW + timedelta(days=7))
    assert not clash.is_wholesale


def test_every_cycle_to_come_clashes_with_what_wholesale_holds() -> None:
    """Goods that are sold do not come back between two rentals."""
    found = clashes(free(1, rental(1, 2, 5), rental(2, 6, 9), claim=CLAIM), NOW)
    assert [clash.first.id for clash in found if clash.is_wholesale] == [1, 2]
    assert free(1, claim=CLAIM).lane(NOW) is Lane.WHOLESALE
