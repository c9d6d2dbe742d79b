"""What is ahead of a product: in the order of time, what is late flagged, what nobody dated told and not counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from trueup.domain.stock_ahead import Ahead, project

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
