"""Time as a value that is passed in: the system's clock, or one that a simulation turns by hand."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from trueup.base.errors import Invalid


class Clock(Protocol):
    """Tells the time in UTC. Durations are measured with `monotonic_seconds`, which never jumps."""

    def now(self) -> datetime: ...
    def monotonic_seconds(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_seconds(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class ShiftedClock(SystemClock):
    """The machine's clock, so much later or earlier: that of a demonstration, which goes on from another day."""

    def __init__(self, by: timedelta) -> None:
        self._by = by

    def now(self) -> datetime:
        return super().now() + self._by


class ManualClock:
    """A clock that moves only when told; sleeping moves it. Safe to share between threads."""

    def __init__(self, start: datetime) -> None:
        self._now = aware_utc(start)
        self._elapsed = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def monotonic_seconds(self) -> float:
        with self._lock:
            return self._elapsed

    def sleep(self, seconds: float) -> None:
        self.advance(timedelta(seconds=max(0.0, seconds)))

    def advance(self, by: timedelta) -> None:
        """Move forward."""
        with self._lock:
            self._now += by
            self._elapsed += by.total_seconds()

    def move_to(self, moment: datetime) -> None:
        """Set the time, backwards too: clocks jump."""
        with self._lock:
            target = aware_utc(moment)
            self._elapsed += max(0.0, (target - self._now).total_seconds())
            self._now = target


def aware_utc(moment: datetime) -> datetime:
    """The same instant in UTC. Raises Invalid for a time without a zone: guessing one belongs to the reader of a format."""
    if moment.tzinfo is None:
        raise Invalid(f"Time {moment.isoformat()} has no zone: expected an instant such as 2026-11-23T10:00:00Z.")
    return moment.astimezone(UTC)


def read_instant(text: str, *, assume_utc: bool = True) -> datetime:
    """An ISO 8601 instant. Amazon's samples omit the zone at times; then UTC is assumed unless `assume_utc` is off."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except (ValueError, AttributeError) as error:
        raise Invalid(f"Time {text!r}: expected ISO 8601, such as 2026-11-23T10:00:00Z.") from error
    if moment.tzinfo is None and assume_utc:
        moment = moment.replace(tzinfo=UTC)
    return aware_utc(moment)


def write_instant(moment: datetime) -> str:
    """ISO 8601 in UTC with a Z, microseconds only when there are any."""
    return aware_utc(moment).isoformat().replace("+00:00", "Z")
