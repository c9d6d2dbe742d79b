"""What is ahead of a product: in the order of time, what is late flagged, what nobody dated told and not counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from trueup.domain.stock_ahead import Ahead, pair, project

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
_expected = st.builds(
    Ahead,
    st.none() | st.integers(-200, 200).map(lambda hours: NOW + timedelta(hours=hours)),
    st.integers(-50, 50),
    st.just("goods"),
)


@given(st.integers(0, 100), st.lists(_expected, max_size=12))
def test_the_last_balance_is_all_that_is_dated(on_hand: int, expected: list[Ahead]) -> None:
    """Every change is there once; the dated ones come first, in the order of time, and add up."""
    rows = project(on_hand, expected, NOW)
    dated = [row for row in rows if row.ahead.at is not None]
    assert sorted(map(repr, (row.ahead for row in rows))) == sorted(map(repr, expected))
    assert [row.left is None for row in rows] == [row.ahead.at is None for row in rows]
    assert [row.ahead.at for row in dated] == sorted(row.ahead.at for row in dated if row.ahead.at)
    assert not dated or dated[-1].left == on_hand + sum(row.ahead.eaches for row in dated)
    assert all(row.late == (row.ahead.at is not None and row.ahead.at < NOW) for row in rows)


def test_what_leaves_first_shows_the_shortage() -> None:
    """Of one instant what leaves is counted before what comes: the lower balance is the one to see."""
    rows = project(3, [Ahead(NOW, 5, "comes"), Ahead(NOW, -6, "leaves")], NOW)
    assert [row.left for row in rows] == [-3, 2]


@given(st.integers(0, 100), st.lists(_expected, max_size=12))
def test_each_supply_and_each_demand_is_used_once(on_hand: int, expected: list[Ahead]) -> None:
    """Nothing is used twice and nothing is lost: used, unused and uncovered come to all there is and is wanted."""
    found = pair(on_hand, expected, NOW)
    used = sum(use.eaches for supply in found.supplies for use in supply.uses)
    coming = sum(each.eaches for each in expected if each.eaches > 0)
    wanted = -sum(each.eaches for each in expected if each.eaches < 0)
    assert used + sum(supply.free for supply in found.supplies) == on_hand + coming
    assert used + sum(use.eaches for use in found.uncovered) == wanted
    assert not found.uncovered or not any(supply.free for supply in found.supplies)


def test_what_comes_after_it_is_to_leave_is_late() -> None:
    """Four lie there: the order of tomorrow has them and one that comes in time; the next waits for goods that nobody dated."""
    day = timedelta(days=1)
    comes = [Ahead(NOW + day, 1, "a pallet"), Ahead(None, 3, "on the way")]
    leaves = [Ahead(NOW + day, -5, "one order"), Ahead(NOW + 2 * day, -2, "another"), Ahead(None, -9, "a third")]
    found = pair(4, [*comes, *leaves], NOW)
    used = {each.ahead.what: [(use.demand.what, use.eaches, use.late) for use in each.uses] for each in found.supplies}
    assert used == {
        "lie there now": [("one order", 4, False)],
        "a pallet": [("one order", 1, False)],
        "on the way": [("another", 2, True), ("a third", 1, False)],
    }
    assert [(use.demand.what, use.eaches) for use in found.uncovered] == [("a third", 8)]
    [late] = [each for each in pair(0, [Ahead(NOW - day, 3, "a pallet")], NOW).supplies if each.late]
    assert (late.ahead.what, late.free) == ("a pallet", 3)
