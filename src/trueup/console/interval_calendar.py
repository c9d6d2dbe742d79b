"""An interval calendar: who has a unit when, as bars on a scale of days. What clashes is said in words and hatched, never in colour
alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from trueup.base.clock import read_instant

DAY = 12
"""How wide a day is drawn."""
BEFORE, AFTER = timedelta(days=7), timedelta(days=49)


@dataclass(frozen=True, slots=True)
class Interval:
    """What is drawn as one bar: what it is, from when to when (None: open), and whether it clashes with another."""

    label: str
    start: datetime | None
    end: datetime | None
    clashes: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """An interval on the scale: where it begins and how wide it is. `opens`, `ends`: whether it goes on beyond the scale."""

    label: str
    x: int
    width: int
    clashes: bool
    opens: bool
    ends: bool


@dataclass(frozen=True, slots=True)
class IntervalCalendar:
    """Bars on a scale of days, the day of today, and the Mondays that the scale names."""

    bars: tuple[Bar, ...]
    days: int
    today: int
    mondays: tuple[tuple[int, date], ...]

    @property
    def width(self) -> int:
        """How wide the scale is drawn."""
        return self.days * DAY


def draw(intervals: Iterable[Interval], now: datetime) -> IntervalCalendar:
    """The weeks around today. What lies wholly outside of them is not drawn; the table beside it tells of all."""
    first, last = (now - BEFORE).date(), (now + AFTER).date()
    days = (last - first).days
    bars = []
    for each in intervals:
        start = (each.start.date() - first).days if each.start else -1
        end = (each.end.date() - first).days + 1 if each.end else days + 1
        if start >= days or end <= 0:
            continue
        x, until = max(0, start), min(days, max(end, start + 1))
        bars.append(Bar(each.label, x * DAY, (until - x) * DAY, each.clashes, start < 0, end > days))
    mondays = tuple(
        (place * DAY, day) for place in range(days) if (day := first + timedelta(days=place)).weekday() == 0
    )
    return IntervalCalendar(tuple(bars), days, BEFORE.days * DAY, mondays)


def interval_of(label: str, start: str | None, end: str | None, clashes: bool) -> Interval:
    """From instants as text."""
    return Interval(label, read_instant(start) if start else None, read_instant(end) if end else None, clashes)
