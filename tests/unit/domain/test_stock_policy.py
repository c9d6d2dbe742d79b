"""Replaying a product's history: what was there, what the channel was shown, and what that would have oversold or lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from trueup.domain.inventory import Level
from trueup.domain.stock_ledger import Movement, MovementKind
from trueup.domain.stock_policy import Change, Choice, Course, best, course_of, replay

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(minute: int) -> datetime:
    """So many minutes after the start."""
    return START + minute * MINUTE


def course(free: int, *changes: tuple[int, int, bool]) -> Course:
    """A history of (minute, eaches, by this channel)."""
    told = tuple(Change(at(minute), eaches, own) for minute, eaches, own in changes)
    return Course(START, at(600), free, told)


def choice(buffer: int = 0, interval: int = 0, delay: int = 0) -> Choice:
    """In minutes."""
    return Choice(buffer, interval * MINUTE, delay * MINUTE)


def test_what_is_known_at_once_is_never_oversold() -> None:
    """Ten there, six taken elsewhere, six asked for here: four are sold, none too many, none lost."""
    outcome = replay(course(10, (5, 6, False), (6, 6, True)), choice())
    assert (outcome.sold, outcome.oversold, outcome.lost) == (4, 0, 0)


def test_what_is_known_late_is_oversold_and_a_buffer_prevents_it() -> None:
    """The other sale is two minutes old and the counts are five minutes late."""
    told = course(10, (5, 6, False), (7, 6, True))
    late = replay(told, choice(delay=5))
    assert (late.sold, late.oversold) == (6, 2)
    safe = replay(told, choice(buffer=6, delay=5))
    assert (safe.sold, safe.oversold, safe.lost) == (4, 0, 0)


def test_a_buffer_loses_what_was_there() -> None:
    """Nothing was taken elsewhere: what the buffer hides could have been sold."""
    outcome = replay(course(10, (5, 10, True)), choice(buffer=3))
    assert (outcome.sold, outcome.oversold, outcome.lost) == (7, 0, 3)


def test_what_comes_in_is_sold_only_once_the_channel_is_told() -> None:
    """Told each hour: goods that came at minute 10 are shown at minute 60."""
    told = course(0, (10, -5, False), (30, 2, True), (70, 2, True))
    assert (replay(told, choice(interval=60)).sold, replay(told, choice(interval=60)).lost) == (2, 2)
    assert replay(told, choice()).sold == 4


def test_calls_are_the_publications_at_which_something_had_changed() -> None:
    """Five changes in one hour are one call an hour, or five at once."""
    told = course(50, *((minute, 1, False) for minute in (1, 2, 3, 4, 5)))
    assert replay(told, choice(interval=60)).calls == 1
    assert replay(told, choice()).calls == 5


@given(
    st.integers(0, 60),
    st.lists(st.tuples(st.integers(0, 500), st.integers(-8, 8).filter(bool), st.booleans()), max_size=25),
    st.integers(0, 10),
    st.sampled_from([0, 1, 15, 60]),
    st.sampled_from([0, 5, 120]),
)
def test_any_history_replays_to_a_sum_that_adds_up(
    free: int, changes: list[tuple[int, int, bool]], buffer: int, interval: int, delay: int
) -> None:
    """Sold, lost and refused rightly are all that was asked for; known at once, nothing that was there is oversold."""
    told = course(free, *sorted((minute, eaches, own and eaches > 0) for minute, eaches, own in changes))
    asked = sum(change.eaches for change in told.changes if change.own)
    outcome = replay(told, choice(buffer, interval, delay))
    assert 0 <= outcome.sold <= asked and 0 <= outcome.oversold <= outcome.sold and 0 <= outcome.lost <= asked
    assert outcome.sold + outcome.lost <= asked
    at_once = replay(told, choice())
    assert at_once.oversold == 0 and at_once.lost == 0
    chosen = best([outcome, at_once])
    assert chosen is not None and (chosen.oversold, chosen.lost) == (0, 0)
    demand = told.asked(MINUTE, own=True)
    assert sum(demand.sold) == asked


def test_history_tells_sales_of_the_shop_from_what_orders_took() -> None:
    """The shop's available fell by 9: 6 were reserved for a purchase order, so 3 were sold; then 20 came in."""
    levels = [Level("A", "main", eaches, 0, 50, True, at(minute)) for minute, eaches in ((0, 30), (10, 21), (20, 41))]
    held = Movement("A", "main", MovementKind.RESERVED, 6, at(4), "reservations", "1/1/1")
    shop = course_of(levels, [held], own=True)
    assert shop is not None and shop.free == 30
    assert [(change.eaches, change.own) for change in shop.changes] == [(6, False), (3, True), (-20, False)]
    wholesale = course_of(levels, [held], own=False)
    assert wholesale is not None
    assert [(change.eaches, change.own) for change in wholesale.changes] == [(6, True), (3, False), (-20, False)]
    assert course_of(levels[:1], [held], own=True) is None


def test_of_a_declared_count_what_orders_sent_out_is_sold_when_it_left() -> None:
    """Counted 30 and then 21: five were sold in two parcels and one came back, so that five more are told of by the count alone."""
    levels = [Level("A", "main", eaches, 0, 50, True, at(minute)) for minute, eaches in ((0, 30), (60, 21))]
    told = [
        Movement("A", "main", MovementKind.SOLD, 3, at(5), "shop", "#1 parcel 1"),
        Movement("A", "main", MovementKind.SOLD, 2, at(20), "shop", "#2 parcel 2"),
        Movement("A", "main", MovementKind.RETURNED, 1, at(30), "shop", "#1 return 1"),
    ]
    found = course_of(levels, told, own=True, sales=True)
    assert found is not None
    seen = [(change.at, change.eaches, change.own) for change in found.changes]
    assert seen == [(at(5), 3, True), (at(20), 2, True), (at(30), -1, False), (at(60), 5, True)]
    unsold = course_of(levels, told, own=True)
    assert unsold is not None and [change.eaches for change in unsold.changes] == [9], (
        "a shop's own count tells by itself"
    )
