"""Report plans: which of Amazon's reports are to be asked for now. Days that are restated are asked for again, gaps are filled."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from trueup.base.errors import Invalid
from trueup.domain.vendor_reports import (
    DAY,
    HOURS_BACK,
    MOST_DAYS,
    MOST_HOURS,
    Program,
    Question,
    ReportKind,
    Scope,
    View,
)

MOST_BACK_FILL = 4
"""Windows of history that one round asks for: Amazon lets one report a minute be asked for."""
_HOUR = timedelta(hours=1)
_HOUR_KNOWN_AFTER = timedelta(minutes=10)
_EPOCH = datetime(2000, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ReportTerms:
    """What is asked of a vendor group's reports on one of Amazon's stores, where it is shown, and what may differ.

    `known_after`: how long after its end a day is asked for first. `late_days`: how many days are asked for again each day.
    `shop`: where merchants see the numbers; None: nowhere. A difference is told above the larger of the two tolerances.
    """

    partner: str
    marketplace: str
    kinds: tuple[ReportKind, ...] = (ReportKind.SALES, ReportKind.INVENTORY, ReportKind.FORECAST)
    view: View = View.SOURCING
    program: Program = Program.RETAIL
    known_after: timedelta = timedelta(hours=48)
    late_days: int = 14
    back_fill_days: int = 90
    shop: str | None = None
    tolerance_units: int = 12
    tolerance_percent: Decimal = Decimal(5)

    def __post_init__(self) -> None:
        if not 1 <= self.late_days <= MOST_DAYS:
            raise Invalid(f"Reports of {self.partner}: late_days {self.late_days}, expected 1 to {MOST_DAYS}.")

    def scope(self, kind: ReportKind) -> Scope:
        """The scope of a kind of report."""
        return Scope.of(kind, self.view, self.program)


@dataclass(frozen=True, slots=True)
class Planned:
    """A report that is to be asked for. `edition` tells it from another of the same window: a forecast's day, a person's time."""

    question: Question
    edition: str = ""


def plan_reports(terms: ReportTerms, kind: ReportKind, known: Set[datetime], now: datetime) -> Iterator[Planned]:
    """What to ask for of one kind. `known`: the beginnings of days or hours that some report was about. What was planned
    before comes again and is the caller's to leave out: the same question has the same window and edition."""
    scope = terms.scope(kind)
    if not kind.dated:
        yield Planned(Question(scope), f"{now:%Y-%m-%d}")
    elif kind.by_hour:
        yield from _hours(scope, known, now)
    else:
        yield from _days(terms, scope, known, now)


def _days(terms: ReportTerms, scope: Scope, known: Set[datetime], now: datetime) -> Iterator[Planned]:
    """The newest days, and of the past whole blocks of days that lie always the same, so that each is asked for once."""
    end = datetime.combine((now - terms.known_after).date(), time(), UTC)
    yield Planned(Question(scope, end - terms.late_days * DAY, end))
    block = MOST_DAYS * DAY
    start = _EPOCH + (end - _EPOCH) // block * block - block
    asked = 0
    while start + block > end - terms.back_fill_days * DAY and asked < MOST_BACK_FILL:
        days = {start + place * DAY for place in range(MOST_DAYS)}
        if any(day not in known and day < end - terms.late_days * DAY for day in days):
            yield Planned(Question(scope, start, start + block))
            asked += 1
        start -= block


def _hours(scope: Scope, known: Set[datetime], now: datetime) -> Iterator[Planned]:
    """The hours since the last known one, at most a day of them; of a first time, the last day."""
    end = (now - _HOUR_KNOWN_AFTER).replace(minute=0, second=0, microsecond=0)
    last = max((hour for hour in known if hour < end), default=end - MOST_HOURS - _HOUR)
    start = max(last + _HOUR, end - HOURS_BACK + _HOUR)
    while start < end:
        until = min(start + MOST_HOURS, end)
        yield Planned(Question(scope, start, until))
        start = until
