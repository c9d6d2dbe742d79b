"""An interval calendar: who has a unit when, as bars on a scale of days. What clashes is said in words and hatched, never in colour
alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from trueup.base.clock import read_instant

DAY = 15
"""How wide a day is drawn."""
LINE = 26
"""How high a line of bars is drawn."""
BEFORE, AFTER = timedelta(days=7), timedelta(days=49)
_LETTER = 6
"""How wide a letter of a bar's label is, at most."""
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Interval:
    """What is drawn as one bar: what it is, from when to when (None: open), and whether it clashes with another."""

    label: str
    start: datetime | None
    end: datetime | None
    clashes: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """An interval on the scale: where it begins, how wide it is, its line. `opens`, `ends`: whether it goes on beyond the scale."""

    label: str
    x: int
    width: int
    clashes: bool
    opens: bool
    ends: bool
    line: int = 0

    @property
    def words(self) -> str:
        """What stands on it: that it clashes, what it is, that it goes on; as much of that as there is room for."""
        said = f"{'Clash: ' if self.clashes else ''}{self.label}{' →' if self.ends else ''}"
        room = max(1, (self.width - 6) // _LETTER)
        if len(said) <= room:
            return said
        return "Clash"[: max(2, room)] if self.clashes and room < len("Clash: …") else f"{said[: room - 1]}…"


@dataclass(frozen=True, slots=True)
class IntervalCalendar:
    """Bars on a scale of days, the day of today, the Mondays that the scale names, and how many lines there are."""

    bars: tuple[Bar, ...]
    days: int
    today: int
    mondays: tuple[tuple[int, date], ...]
    lines: int

    @property
    def width(self) -> int:
        """How wide the scale is drawn."""
        return self.days * DAY


def draw(intervals: Iterable[Interval], now: datetime, *, packed: bool = False) -> IntervalCalendar:
    """The weeks around today, a line a bar; `packed`: bars that leave room for each other share one. What lies wholly outside of
    the weeks is not drawn; the table beside it tells of all."""
    first, last = (now - BEFORE).date(), (now + AFTER).date()
    days = (last - first).days
    bars: list[Bar] = []
    ends: list[int] = []
    for each in intervals:
        start = (each.start.date() - first).days if each.start else -1
        end = ((each.end - _INSTANT).date() - first).days + 1 if each.end else days + 1
        if start >= days or end <= 0:
            continue
        x, until = max(0, start), min(days, max(end, start + 1))
        line = next((place for place, taken in enumerate(ends) if packed and taken <= x), len(ends))
        ends[line:] = [until, *ends[line + 1 :]]
        bars.append(Bar(each.label, x * DAY, (until - x) * DAY, each.clashes, start < 0, end > days, line))
    mondays = tuple(
        (place * DAY, day) for place in range(days) if (day := first + timedelta(days=place)).weekday() == 0
    )
    return IntervalCalendar(tuple(bars), days, BEFORE.days * DAY, mondays, len(ends))


def interval_of(label: str, start: str | None, end: str | None, *, clashes: bool) -> Interval:
    """From instants as text."""
    return Interval(label, read_instant(start) if start else None, read_instant(end) if end else None, clashes)
