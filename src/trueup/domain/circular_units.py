"""Units: an item together with everything that has a claim on it, and the lane it is in. What may be taken of it, and what clashes.

Whether a unit is free is decided here and nowhere else. Readiness and condition do not change what Supercycle offers, but
they do change what may be sold as new goods, so wholesale's rule is stricter than Supercycle's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trueup.domain.circular import BlockedDate, Cycle, Item, Method, Readiness, Visibility, Window


class Lane(StrEnum):
    """Where a unit is on its way through the programme. Every unit is in exactly one."""

    FREE = "free"
    BOOKED = "booked"
    """Here, and some cycle to come has it."""
    OUT = "out"
    OVERDUE = "overdue"
    RETURNING = "returning"
    NOT_READY = "not-ready"
    WHOLESALE = "wholesale"
    """Withheld for a purchase order."""
    WITHHELD = "withheld"
    BLOCKED = "blocked"
    SOLD = "sold"
    RETIRED = "retired"
    GONE = "gone"
    """No longer told of by the system."""
    UNCLEAR = "unclear"
    """Of a visibility that we do not know: never offered."""


LANES = {
    Lane.FREE: "free to be taken",
    Lane.BOOKED: "here, and booked",
    Lane.OUT: "with a customer",
    Lane.OVERDUE: "with a customer, overdue",
    Lane.RETURNING: "on its way back",
    Lane.NOT_READY: "here, not ready",
    Lane.WHOLESALE: "withheld for a purchase order",
    Lane.WITHHELD: "withheld",
    Lane.BLOCKED: "blocked by date",
    Lane.SOLD: "sold",
    Lane.RETIRED: "retired",
    Lane.GONE: "no longer told of",
    Lane.UNCLEAR: "of a state we do not know",
}
"""The lanes in words."""
NOT_OURS = frozenset({Lane.SOLD, Lane.RETIRED, Lane.GONE})


class ClaimState(StrEnum):
    """How far wholesale's claim on an item is. WANTED: chosen. WITHHOLDING: its withholding may have been written. HELD: seen.

    ENDING and RELEASING: it is to be given up, and not yet seen so. LOST: a rental or resale had it first.
    """

    WANTED = "wanted"
    WITHHOLDING = "withholding"
    HELD = "held"
    ENDING = "ending"
    RELEASING = "releasing"
    CONSUMED = "consumed"
    RELEASED = "released"
    LOST = "lost"


TAKING = (ClaimState.WANTED, ClaimState.WITHHOLDING, ClaimState.HELD)
OPEN_CLAIMS = (*TAKING, ClaimState.ENDING, ClaimState.RELEASING)


@dataclass(frozen=True, slots=True)
class Claim:
    """One line of a purchase order that takes one item."""

    id: int
    programme: str
    item: int
    order_id: int
    sequence: int
    state: ClaimState
    made_at: datetime
    sku: str = ""

    @property
    def subject(self) -> str:
        """How cases speak of the item."""
        return f"item {self.programme}/{self.item}"


@dataclass(frozen=True, slots=True)
class Unit:
    """An item with its cycles that are not cancelled, its blocked days, and the claim of wholesale on it."""

    programme: str
    item: Item
    cycles: tuple[Cycle, ...] = ()
    blocked: tuple[BlockedDate, ...] = ()
    claim: Claim | None = None
    gone: bool = False
    seen_at: datetime | None = None

    def windows(self, now: datetime) -> Iterator[tuple[Cycle, Window]]:
        """When cycles have it, from now on."""
        for cycle in self.cycles:
            window = cycle.occupies(now)
            if window is not None and (window.end is None or window.end > now):
                yield cycle, window

    def lane(self, now: datetime) -> Lane:
        """Where it is now."""
        item = self.item
        if self.gone:
            return Lane.GONE
        match item.visibility:
            case Visibility.SOLD:
                return Lane.SOLD
            case Visibility.RETIRED:
                return Lane.RETIRED
            case _:
                pass
        if any(cycle.is_overdue(now) for cycle in self.cycles):
            return Lane.OVERDUE
        if any(cycle.is_out for cycle in self.cycles):
            return Lane.OUT
        if item.active_return is not None:
            return Lane.RETURNING
        if self.claim is not None:
            return Lane.WHOLESALE
        if item.active_cycle is not None or any(True for _ in self.windows(now)):
            return Lane.BOOKED
        if item.visibility not in (Visibility.AVAILABLE, Visibility.UNAVAILABLE):
            return Lane.UNCLEAR
        if item.visibility is Visibility.UNAVAILABLE:
            return Lane.WITHHELD
        if item.readiness is not Readiness.PROCESSED:
            return Lane.NOT_READY
        if any(each.last_day is None or each.last_day >= now.date() for each in self.blocked):
            return Lane.BLOCKED
        return Lane.FREE


@dataclass(frozen=True, slots=True)
class Fitness:
    """Which units wholesale may take: of these conditions by their titles (None: of any), and whether ready ones alone."""

    conditions: frozenset[str] | None = None
    ready_only: bool = True

    def admits(self, item: Item) -> bool:
        """Whether an item is such a one. A condition that was never said is none of the named."""
        title = item.condition.title if item.condition else ""
        ready = item.readiness is Readiness.PROCESSED or not self.ready_only
        return ready and (self.conditions is None or title in self.conditions)


@dataclass(frozen=True, slots=True)
class Tally:
    """Units counted one by one. `there`: all that are ours, wherever they are. `rented`: those that a cycle has, now or later.

    `unoffered`: here, and not to be promised. `claimed`: withheld for purchase orders. What is left is free.
    """

    there: int
    rented: int
    unoffered: int
    claimed: int

    @property
    def free(self) -> int:
        """How many may be taken."""
        return self.there - self.rented - self.unoffered - self.claimed


def tally(units: Iterable[Unit], fitness: Fitness, now: datetime) -> Tally:
    """Each unit counted once: who has it wins over how it is."""
    counts = dict.fromkeys(("rented", "claimed", "free", "unoffered"), 0)
    for unit in units:
        lane = unit.lane(now)
        if lane in NOT_OURS:
            continue
        if lane is Lane.WHOLESALE:
            counts["claimed"] += 1
        elif lane in (Lane.BOOKED, Lane.OUT, Lane.OVERDUE, Lane.RETURNING):
            counts["rented"] += 1
        elif is_free(unit, fitness, now):
            counts["free"] += 1
        else:
            counts["unoffered"] += 1
    return Tally(sum(counts.values()), counts["rented"], counts["unoffered"], counts["claimed"])


def is_free(unit: Unit, fitness: Fitness, now: datetime) -> bool:
    """Whether wholesale may take it: nobody has it now or later, it is offered, and it is fit to be sold as the agreement says.

    A unit that is not ready is free only where the agreement takes such ones too.
    """
    lane = unit.lane(now)
    return (lane is Lane.FREE or (lane is Lane.NOT_READY and not fitness.ready_only)) and fitness.admits(unit.item)


def choose_units(units: Iterable[Unit], wanted: int, fitness: Fitness, now: datetime) -> tuple[Unit, ...]:
    """So many free units, those first that came first. Fewer where there are no more."""
    free = [unit for unit in units if is_free(unit, fitness, now)]
    return tuple(sorted(free, key=lambda unit: (unit.item.id, unit.programme))[: max(0, wanted)])


@dataclass(frozen=True, slots=True)
class Clash:
    """Two claims on one unit that cannot both be kept. `second` is None where wholesale's claim is the other side."""

    unit: Unit
    first: Cycle
    second: Cycle | None
    window: Window

    @property
    def is_wholesale(self) -> bool:
        """Whether a purchase order is one of the two."""
        return self.second is None


def clashes(unit: Unit, now: datetime) -> tuple[Clash, ...]:
    """Cycles that need the unit at the same time, and every cycle that needs what wholesale holds for a purchase order.

    A sold unit is nobody's problem any more, except where a rental still counts on it.
    """
    spans = sorted(unit.windows(now), key=lambda pair: (pair[1].start is not None, pair[1].start, pair[0].id))
    found = [
        Clash(unit, one, other, _shared(window, later))
        for place, (one, window) in enumerate(spans)
        for other, later in spans[place + 1 :]
        if window.overlaps(later)
    ]
    if unit.claim is not None and unit.claim.state in TAKING:
        found += [Clash(unit, cycle, None, window) for cycle, window in spans]
    return tuple(found)


def _shared(one: Window, other: Window) -> Window:
    starts = [each for each in (one.start, other.start) if each is not None]
    ends = [each for each in (one.end, other.end) if each is not None]
    return Window(max(starts, default=None), min(ends, default=None))


def called(cycle: Cycle) -> str:
    """How people speak of a cycle."""
    kind = "resale" if cycle.method is Method.RESALE else f"{cycle.method} rental"
    order = f" of shop order {cycle.order_name}" if cycle.order_name else ""
    return f"{kind} {cycle.sequential_id or cycle.id}{order}"


def by_lane(units: Sequence[Unit], now: datetime) -> dict[Lane, list[Unit]]:
    """Units by lane, every lane there."""
    found: dict[Lane, list[Unit]] = {lane: [] for lane in Lane}
    for unit in units:
        found[unit.lane(now)].append(unit)
    return found
