"""Virtual time: when nothing can happen any more, jump to the moment at which something will. For both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from trueup.durable.run_list import Standing


class TurnableClock(Protocol):
    """A clock that a simulation turns by hand."""

    def now(self) -> datetime: ...
    def move_to(self, moment: datetime) -> None: ...


class SimulatedEngine(Protocol):
    """What both engines offer to whoever drives the time."""

    def settle(self) -> None: ...
    def standing(self) -> Standing: ...


def never() -> datetime | None:
    """No other events."""
    return None


def run_until(
    engine: SimulatedEngine,
    clock: TurnableClock,
    moment: datetime,
    next_event: Callable[[], datetime | None] = never,
    stride: timedelta = timedelta(0),
) -> int:
    """Run all that happens up to `moment` and leave the clock there; how many jumps it took.

    A jump is at least `stride` long, so that timers of about the same time fire together, the earlier ones late by no more.

    `next_event` tells when the world outside (a simulator) does something next by itself; it must be acted on when the
    clock gets there. Depends on what happens and not on how fast the machine is.
    """
    jumps = 0
    while True:
        engine.settle()
        now = clock.now()
        moments = [due for due in (engine.standing().next_due, next_event()) if due is not None and due > now]
        if not moments or min(moments) > moment:
            if moment > now:
                clock.move_to(moment)
            return jumps
        clock.move_to(min(moment, max(min(moments), now + stride)))
        jumps += 1
