"""Circular goods: what an item, a cycle and a window say, and that words nobody documented survive."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.base.errors import Invalid
from trueup.domain.circular import (
    BlockedDate,
    BlockedResource,
    Condition,
    Cycle,
    CycleStatus,
    Item,
    ItemChange,
    Method,
    NewItem,
    Readiness,
    Unknown,
    Visibility,
    Window,
    known,
)
from trueup.storage.json_values import from_json, to_json

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
ITEM = Item(7, Visibility.AVAILABLE, Readiness.PROCESSED, serial="S-7", condition=Condition(3, "Used", "good"))
RENTAL = Cycle(1, Method.CALENDAR, CycleStatus.SCHEDULED, 7, rental_start=NOW, rental_end=NOW + timedelta(days=4))
MOMENTS = st.none() | st.integers(0, 40).map(lambda hours: NOW + timedelta(hours=hours))


def day(number: int) -> datetime:
    """So many days after NOW."""
    return NOW + timedelta(days=number)


def made(first: datetime | None, second: datetime | None) -> Window:
    """A window of two moments, put in order."""
    swap = first is not None and second is not None and second < first
    return Window(second, first) if swap else Window(first, second)


@given(st.text())
def test_a_word_that_nobody_documented_is_kept_verbatim(text: str) -> None:
    """Every word is a member or survives as it came; both print as what was said."""
    found = known(Visibility, text)
    assert str(found) == text
    assert isinstance(found, Unknown) == (text not in [each.value for each in Visibility])


@pytest.mark.parametrize("visibility", [Visibility.SOLD, Unknown("in_repair")])
def test_an_item_keeps_its_words_in_the_database(visibility: Any) -> None:
    """A known word comes back as a member, an unknown one as unknown."""
    item = replace(ITEM, visibility=visibility, unread=(("newField", '{"a":1}'),))
    assert from_json(to_json(item), Item) == item


def test_a_rental_takes_its_item_from_dispatch_to_restocking() -> None:
    """Its window is wider than what was booked: it is dispatched before and restocked after."""
    rental = replace(RENTAL, fulfill_at=day(-2), receive_at=day(6), restock_by=day(7))
    assert rental.occupies(NOW) == Window(day(-2), day(7))


def test_restocking_frees_an_item_at_once() -> None:
    """What was planned beyond does not count any more."""
    rental = replace(RENTAL, fulfilled_at=NOW, received_at=day(2), restock_by=day(7), restocked_at=day(3))
    assert rental.occupies(day(2)) == Window(NOW, day(3))


def test_a_rental_out_past_its_time_has_no_end() -> None:
    """The booked return is no return: the item stays taken until it is seen again."""
    out = replace(RENTAL, status=CycleStatus.FULFILLED, fulfilled_at=NOW)
    assert out.occupies(day(1)) == Window(NOW, day(4))
    assert out.occupies(day(5)) == Window(NOW, None)
    assert out.is_overdue(day(5)) and not out.is_overdue(day(3))


def test_a_resale_takes_its_item_for_ever_and_a_cancelled_cycle_never() -> None:
    """A sold item does not come back by waiting; what was cancelled needs nothing."""
    resale = Cycle(2, Method.RESALE, CycleStatus.UNFULFILLED, 7, created_at=NOW)
    assert resale.occupies(day(900)) == Window(NOW, None)
    assert replace(resale, status=CycleStatus.CANCELLED).occupies(NOW) is None
    assert not resale.is_overdue(day(900))


def test_a_cycle_of_a_status_we_do_not_know_needs_its_item() -> None:
    """The careful meaning of an unknown word is that the goods are taken."""
    assert replace(RENTAL, status=Unknown("on_hold"), method=Unknown("gift")).occupies(NOW) == Window(NOW, day(4))


@given(MOMENTS, MOMENTS, MOMENTS, MOMENTS)
def test_windows_overlap_both_ways_or_not_at_all(
    a: datetime | None, b: datetime | None, c: datetime | None, d: datetime | None
) -> None:
    """Overlap is symmetric, and exactly when some instant lies in both."""
    one, other = made(a, b), made(c, d)
    assert one.overlaps(other) == other.overlaps(one)
    edges = [each for each in (one.start, other.start) if each is not None] or [datetime(2020, 1, 1, tzinfo=UTC)]
    assert one.overlaps(other) == any(one.holds(edge) and other.holds(edge) for edge in edges)


def test_a_window_ends_after_it_begins() -> None:
    """One that ends first is no stretch of time."""
    with pytest.raises(Invalid, match="ends before it begins"):
        Window(day(1), day(0))


def test_a_change_that_is_done_already_is_known_as_done() -> None:
    """So that nothing is written twice, and an interrupted write can be told from one that never arrived."""
    change = ItemChange(visibility=Visibility.UNAVAILABLE, condition_id=3)
    assert not change.is_done(ITEM)
    assert change.is_done(replace(ITEM, visibility=Visibility.UNAVAILABLE))
    assert not replace(change, condition_id=4).is_done(replace(ITEM, visibility=Visibility.UNAVAILABLE))


def test_a_new_item_has_a_serial() -> None:
    """Without one, nobody could tell after a lost reply whether it was made."""
    with pytest.raises(Invalid, match="no serial"):
        NewItem("gid://shopify/ProductVariant/1", " ", Visibility.UNAVAILABLE)


def test_a_blocked_date_is_of_whole_days() -> None:
    """Both days are blocked, and an open end blocks for ever."""
    blocked = BlockedDate(1, BlockedResource.ITEM, 7, date(2026, 11, 2), None)
    assert blocked.covers(date(2026, 11, 2)) and blocked.covers(date(2036, 1, 1))
    assert not blocked.covers(date(2026, 11, 1))
