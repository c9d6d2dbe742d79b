"""The calendar of goods counted unit by unit: which unit is free from when to when, how many at each instant, and why not.

Two numbers, both exact. *Free throughout*: units that nobody has at any instant of an interval; those can be promised as they
stand. *With re-allocation*: all usable units less the most that are needed at once; so many could be given, if the programme
moved future rentals to other units, which it may do by itself ("Ally may re-assign") and which nobody can rely on.
The bound is tight: intervals can be coloured with as many colours as overlap at the busiest instant, and rentals under way,
which cannot be moved, all overlap at its start.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from trueup.domain.circular import Visibility, Window
from trueup.domain.circular_units import LANES, NOT_OURS, Fitness, Lane, Unit, called


@dataclass(frozen=True, slots=True)
class UnitAnswer:
    """One unit, whether it is free for an interval, and why not in words. `until`: when what has it ends, None: nobody knows."""

    unit: Unit
    free: bool
    why: str
    until: datetime | None = None


def answer_units(units: Iterable[Unit], fitness: Fitness, asked: Window, now: datetime) -> tuple[UnitAnswer, ...]:
    """What each unit that is ours answers for an interval, in the order of programme and id."""
    ours = [unit for unit in units if unit.lane(now) not in NOT_OURS]
    return tuple(
        _answer(unit, fitness, asked, now) for unit in sorted(ours, key=lambda unit: (unit.programme, unit.item.id))
    )


def _answer(unit: Unit, fitness: Fitness, asked: Window, now: datetime) -> UnitAnswer:
    for cycle, window in sorted(unit.windows(now), key=lambda pair: (pair[1].start or now, pair[0].id)):
        if window.overlaps(asked):
            return UnitAnswer(unit, False, f"{called(cycle)} has it, {window}", window.end)
    if not _usable(unit, fitness, now):
        lane = unit.lane(now)
        words = LANES[lane] if lane is not Lane.FREE else _condition(unit)
        return UnitAnswer(unit, False, words)
    return UnitAnswer(unit, True, LANES[Lane.FREE])


def _condition(unit: Unit) -> str:
    found = unit.item.condition
    return f"in condition {found.title}" if found else "of no stated condition"


def _usable(unit: Unit, fitness: Fitness, now: datetime) -> bool:
    """Whether it may be given at all once nobody has it: offered, fit, and neither claimed nor on its way back or blocked."""
    ready = unit.lane(now) in (Lane.FREE, Lane.BOOKED, Lane.OUT, Lane.NOT_READY)
    offered = unit.item.visibility is Visibility.AVAILABLE and unit.claim is None
    return ready and offered and fitness.admits(unit.item)


def free_throughout(units: Iterable[Unit], fitness: Fitness, asked: Window, now: datetime) -> int:
    """How many units nobody has at any instant of an interval."""
    return sum(answer.free for answer in answer_units(units, fitness, asked, now))


@dataclass(frozen=True, slots=True)
class Step:
    """From an instant until the next step: how many units are free, and how many a rental has."""

    at: datetime
    free: int
    taken: int


def calendar(units: Sequence[Unit], fitness: Fitness, asked: Window, now: datetime) -> tuple[Step, ...]:
    """How many are free at each instant of an interval: one step for each change, the first at its start (now if it is open)."""
    usable = [unit for unit in units if unit.lane(now) not in NOT_OURS and _usable(unit, fitness, now)]
    start = asked.start or now
    spans = [[window for _, window in unit.windows(now)] for unit in usable]
    edges = {start} | {
        edge
        for windows in spans
        for window in windows
        for edge in (window.start, window.end)
        if edge is not None and start < edge and (asked.end is None or edge < asked.end)
    }
    steps: list[Step] = []
    for at in sorted(edges):
        taken = sum(any(window.holds(at) for window in windows) for windows in spans)
        if not steps or steps[-1].taken != taken:
            steps.append(Step(at, len(usable) - taken, taken))
    return tuple(steps)


def with_reallocation(units: Sequence[Unit], fitness: Fitness, asked: Window, now: datetime) -> int:
    """How many could be given for an interval if rentals to come were moved: usable ones, less the most needed at once."""
    return min(step.free for step in calendar(units, fitness, asked, now))
