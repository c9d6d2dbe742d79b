"""The stock ledger: what moved where and who said so, and what each source counted when. Rows are added, never changed.

A movement takes eaches from one place to another, so that what leaves one place arrives at another and the whole always
balances. An observation is a source's own number at one instant. What changed between two observations of a source and no
movement tells is *unexplained*: it is shown, never made up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trueup.base.errors import Invalid


class Place(StrEnum):
    """Where eaches are. OUTSIDE is whoever they come from and go to: its balance is minus all that we have."""

    OUTSIDE = "outside"
    SHELF = "shelf"
    """Here, and nobody's yet."""
    WHOLESALE = "wholesale"
    """Here, and held for purchase orders."""
    RENTED = "rented"
    """With a customer who brings them back."""


class MovementKind(StrEnum):
    """What happened. Each goes from one place to another (`ROUTES`)."""

    RECEIVED = "received"
    SOLD = "sold"
    RETURNED = "returned"
    WRITTEN_OFF = "written-off"
    RESERVED = "reserved"
    RELEASED = "released"
    SHIPPED = "shipped"
    RECALLED = "recalled"
    """Held for a purchase order and sent off, and then it had not left after all."""
    RENTED_OUT = "rented-out"
    CAME_BACK = "came-back"


ROUTES: dict[MovementKind, tuple[Place, Place]] = {
    MovementKind.RECEIVED: (Place.OUTSIDE, Place.SHELF),
    MovementKind.SOLD: (Place.SHELF, Place.OUTSIDE),
    MovementKind.RETURNED: (Place.OUTSIDE, Place.SHELF),
    MovementKind.WRITTEN_OFF: (Place.SHELF, Place.OUTSIDE),
    MovementKind.RESERVED: (Place.SHELF, Place.WHOLESALE),
    MovementKind.RELEASED: (Place.WHOLESALE, Place.SHELF),
    MovementKind.SHIPPED: (Place.WHOLESALE, Place.OUTSIDE),
    MovementKind.RECALLED: (Place.OUTSIDE, Place.WHOLESALE),
    MovementKind.RENTED_OUT: (Place.SHELF, Place.RENTED),
    MovementKind.CAME_BACK: (Place.RENTED, Place.SHELF),
}
HERE = (Place.SHELF, Place.WHOLESALE)
"""The places whose goods lie at the location: what is on hand."""


@dataclass(frozen=True, slots=True)
class Movement:
    """Eaches of a product that moved. (`source`, `reference`, `sku`, `location`, `serial`) is its key: told twice, it is one.

    `serial` names the one unit of goods that are counted unit by unit; it is empty for all others.
    """

    sku: str
    location: str
    kind: MovementKind
    eaches: int
    occurred_at: datetime
    source: str
    reference: str
    serial: str = ""
    evidence: str = ""

    def __post_init__(self) -> None:
        if self.eaches <= 0 or (self.serial and self.eaches != 1):
            raise Invalid(
                f"Movement {self.reference} of {self.sku}: {self.eaches} eaches {self.kind.value}; expected "
                f"{'one unit, for it has a serial' if self.serial else 'one or more'}."
            )

    def effect(self, place: Place) -> int:
        """By how much the balance of a place changes."""
        start, end = ROUTES[self.kind]
        return self.eaches * ((place is end) - (place is start))

    @property
    def on_hand(self) -> int:
        """By how much what lies at the location changes."""
        return sum(self.effect(place) for place in HERE)


def balances(movements: Iterable[Movement]) -> dict[Place, int]:
    """What each place holds after the movements. They sum to zero: what came here left somewhere."""
    total = dict.fromkeys(Place, 0)
    for movement in movements:
        for place in Place:
            total[place] += movement.effect(place)
    return total


@dataclass(frozen=True, slots=True)
class Observation:
    """A source's count of what is on hand at one instant, and what of it is in which state: `(("committed", 12), ...)`, always in
    one order; empty where the source knows none."""

    source: str
    on_hand: int
    observed_at: datetime
    evidence: str = ""
    states: tuple[tuple[str, int], ...] = ()


def runs_of(observations: Iterable[Observation]) -> tuple[Observation, ...]:
    """The observations at which a source's numbers changed, by time. Repeats say nothing new, in whatever order they came."""
    last: dict[str, tuple[int, tuple[tuple[str, int], ...]]] = {}
    found = []
    for each in sorted(
        observations, key=lambda one: (one.observed_at, one.source, one.on_hand, one.states, one.evidence)
    ):
        told = (each.on_hand, each.states)
        if last.get(each.source) != told:
            last[each.source] = told
            found.append(each)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a product's history: a movement or an observation, and what is on hand after it.

    `unexplained` is what an observation found beyond all that moved since the same source's last one. `states`: what the source
    counted in each state, with the change since it counted last; None for a state that it counts for the first time, and empty for
    a movement, which no source had counted yet.
    """

    at: datetime
    movement: Movement | None
    observation: Observation | None
    on_hand: int | None
    held: int
    unexplained: int = 0
    states: tuple[tuple[str, int, int | None], ...] = ()


def history(observations: Iterable[Observation], movements: Iterable[Movement]) -> tuple[Entry, ...]:
    """The ledger of one product at one location, by time, with the balance after each line. The same for any order of input.

    Before the first observation nobody knows what is on hand: it is None then, not zero.
    """
    unique = {(one.source, one.reference, one.serial, one.kind): one for one in movements}
    seen = runs_of(observations)
    moving, counting = {one.source for one in unique.values()}, {one.source for one in seen}
    # Of one instant, what a source says it moved is in its own count, and in nobody else's.
    lines: list[tuple[datetime, int, str, Movement | Observation]] = []
    lines += [(each.observed_at, 2 if each.source in moving else 0, each.source, each) for each in seen]
    lines += [(each.occurred_at, 1 if each.source in counting else 3, each.reference, each) for each in unique.values()]
    lines.sort(key=lambda line: line[:3])
    on_hand: int | None = None
    held = 0
    since: dict[str, int] = {}
    known: dict[str, dict[str, int]] = {}
    found = []
    for at, _, _, line in lines:
        if isinstance(line, Movement):
            held += line.effect(Place.WHOLESALE)
            on_hand = None if on_hand is None else on_hand + line.on_hand
            since = {source: known + line.on_hand for source, known in since.items()}
            found.append(Entry(at, line, None, on_hand, held))
        else:
            expected = since.get(line.source)
            on_hand = since[line.source] = line.on_hand
            unexplained = 0 if expected is None else line.on_hand - expected
            before = known.get(line.source, {})
            states = tuple(
                (name, count, count - before[name] if name in before else None) for name, count in line.states
            )
            known[line.source] = dict(line.states)
            found.append(Entry(at, None, line, on_hand, held, unexplained, states))
    return tuple(found)
