"""Stock policy: a product's own history replayed against a buffer and an interval, to see what each would have cost.

The replay knows what was really there at every instant; the channel is shown what was known `delay` before its last
publication, less the buffer and less what it has sold since. It oversells what it was shown and was not there, and loses what
was there and it was not shown. Only what was asked for is in history: sales that nobody tried are in no figure here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from trueup.domain.buffers import Demand
from trueup.domain.inventory import Level
from trueup.domain.stock_ledger import Movement, MovementKind


@dataclass(frozen=True, slots=True)
class Change:
    """What changed of the goods that are free: taken by this channel (`own`) or by another, or come in (negative eaches)."""

    at: datetime
    eaches: int
    own: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """A product's history: what was free when it began, and every change since, by time, up to its end."""

    began: datetime
    ended: datetime
    free: int
    changes: tuple[Change, ...]

    def asked(self, window: timedelta, *, own: bool | None = None) -> Demand:
        """What was taken in windows of a length, from the beginning: by the channel, by others, or by all."""
        count = max(1, -(-(self.ended - self.began) // window))
        sold: dict[int, int] = {}
        for change in self.changes:
            if change.eaches > 0 and (own is None or change.own is own):
                place = min(count - 1, (change.at - self.began) // window)
                sold[place] = sold.get(place, 0) + change.eaches
        return Demand(count, tuple(sold[place] for place in sorted(sold)))


@dataclass(frozen=True, slots=True)
class Choice:
    """A policy: the buffer, how often the channel is told (zero: at every change), and how late what we know is.

    `percent`: where it is more, a part of what is free is kept back instead, as rules in percent do.
    """

    buffer: int
    interval: timedelta
    delay: timedelta
    percent: Fraction = Fraction(0)

    def kept(self, free: int) -> int:
        """What is kept back of so many that are free. A part of a unit is a whole one."""
        return max(self.buffer, -(-max(0, free) * self.percent.numerator // (self.percent.denominator * 100)))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a choice would have come to, in eaches; `calls` are the writes to the channel.

    `held_back`: of what was there, so many were kept from the channel on average over the time; `sold_out`: how often it came to
    show none while some were there.
    """

    choice: Choice
    sold: int
    oversold: int
    lost: int
    calls: int
    held_back: Fraction
    sold_out: int


_TAKEN = {MovementKind.RESERVED: 1, MovementKind.RELEASED: -1}
_SENT = {MovementKind.SOLD: 1, MovementKind.RETURNED: -1}


def _is_own(kind: MovementKind, shop: bool) -> bool:
    return kind is MovementKind.SOLD if shop else kind in _TAKEN


def course_of(
    levels: Sequence[Level], movements: Iterable[Movement], *, own: bool, sales: bool = False
) -> Course | None:
    """History as the ledger tells it: the source's `available` over time, what purchase orders took, and what the shop's did.

    With `sales` what orders sent out is a sale when it left: of a declared count, which falls when somebody counts. Without, a
    fall that nothing else explains is one: a shop's own count falls as soon as an order is placed. A rise is goods come in.
    `own`: whether the channel in question is the shop, so that its sales are the shop's; else it is wholesale. None without two
    observations.
    """
    seen = sorted(levels, key=lambda level: level.observed_at)
    if len(seen) < 2:
        return None
    known = _TAKEN | _SENT if sales else _TAKEN
    told = sorted(
        (each for each in movements if each.kind in known), key=lambda each: (each.occurred_at, each.reference)
    )
    changes: list[Change] = []
    for before, after in pairwise(seen):
        between = [each for each in told if before.observed_at <= each.occurred_at < after.observed_at]
        taken = [Change(each.occurred_at, known[each.kind] * each.eaches, _is_own(each.kind, own)) for each in between]
        changes += taken
        fallen = before.available - after.available - sum(change.eaches for change in taken)
        if fallen:
            changes.append(Change(after.observed_at, fallen, own and fallen > 0))
    first, last = seen[0], seen[-1]
    ordered = tuple(sorted(changes, key=lambda change: change.at))
    return Course(first.observed_at, last.observed_at, first.available, ordered)


def replay(course: Course, choice: Choice) -> Outcome:
    """What the channel would have sold, oversold and lost, and how often it would have been told. Exact, event by event."""
    times: list[datetime] = [course.began]
    free: list[int] = [course.free]
    own_at: list[datetime] = []
    own_sold: list[int] = [0]
    sold = oversold = lost = 0
    for change in course.changes:
        now = free[-1]
        if not change.own:
            now -= change.eaches
        else:
            shown = _shown(course, choice, change.at, (times, free), (own_at, own_sold))
            accepted = min(change.eaches, shown)
            sold += accepted
            oversold += max(0, accepted - max(0, now))
            lost += max(0, min(change.eaches, max(0, now)) - accepted)
            own_at.append(change.at)
            own_sold.append(own_sold[-1] + accepted)
            now -= accepted
        times.append(change.at)
        free.append(now)
    held_back, sold_out = _withheld(course, choice, times, free)
    return Outcome(choice, sold, oversold, lost, _calls(course, choice), held_back, sold_out)


def _withheld(course: Course, choice: Choice, times: Sequence[datetime], free: Sequence[int]) -> tuple[Fraction, int]:
    """What was kept from the channel of what was there, on average, and how often that left it nothing."""
    lasted = (course.ended - course.began) // timedelta(microseconds=1)
    kept = sold_out = 0
    nothing_before = False
    for at, until, level in zip(times, [*times[1:], course.ended], free, strict=True):
        withheld = min(choice.kept(level), max(0, level))
        kept += withheld * ((until - at) // timedelta(microseconds=1))
        nothing = 0 < withheld == level
        sold_out += nothing and not nothing_before
        nothing_before = nothing
    return Fraction(kept, lasted) if lasted else Fraction(0), sold_out


def _shown(
    course: Course,
    choice: Choice,
    at: datetime,
    known: tuple[Sequence[datetime], Sequence[int]],
    own: tuple[Sequence[datetime], Sequence[int]],
) -> int:
    told = at
    if choice.interval:
        told = course.began + (at - course.began) // choice.interval * choice.interval
    as_of = max(course.began, told - choice.delay)
    times, free = known
    level = free[bisect_right(times, as_of) - 1]
    own_at, own_sold = own
    since = own_sold[-1] - own_sold[bisect_right(own_at, as_of)]
    return max(0, level - choice.kept(level) - since)


def _calls(course: Course, choice: Choice) -> int:
    """A write for every publication at which something had changed since the one before."""
    if not choice.interval:
        return len({change.at for change in course.changes})
    return len({-(-(change.at + choice.delay - course.began) // choice.interval) for change in course.changes})


def best(outcomes: Iterable[Outcome]) -> Outcome | None:
    """The one that oversells least, then loses least, then writes least: the trade-off in the order in which it hurts."""
    return min(
        outcomes,
        key=lambda each: (each.oversold, each.lost, each.calls, each.choice.buffer, -each.choice.interval),
        default=None,
    )
