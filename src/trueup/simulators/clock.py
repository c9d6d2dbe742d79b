"""The simulator's clock: it follows a given source of time until somebody sets it, and may be set backwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from trueup.base.clock import SystemClock, aware_utc


class SimulatorClock:
    """Follows `source` (the machine's clock when None). Once set it stands still at that instant until set again or released."""

    def __init__(self, source: Callable[[], datetime] | None = None) -> None:
        self._source = source or SystemClock().now
        self._fixed: datetime | None = None

    def now(self) -> datetime:
        """The simulated instant in UTC."""
        return self._fixed or aware_utc(self._source())

    def set(self, moment: datetime) -> None:
        """Stand at `moment`, backwards too: clocks jump. Raises Invalid for a time without a zone."""
        self._fixed = aware_utc(moment)

    def release(self) -> None:
        """Follow the source again."""
        self._fixed = None
