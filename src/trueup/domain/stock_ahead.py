"""What is ahead of a product at a location: goods that are to leave and to come, and what would be left after each of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Ahead:
    """A change that is expected: by so many eaches, at the latest at an instant (None: nobody said when), and what it is."""

    at: datetime | None
    eaches: int
    what: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Projected:
    """A change with what would be left after it, in eaches; None where nobody said when it comes, so that it is not counted.
    `late`: its time is over and it has not happened."""

    ahead: Ahead
    left: int | None
    late: bool


def project(on_hand: int, expected: Iterable[Ahead], now: datetime) -> tuple[Projected, ...]:
    """The changes in the order of their time, of one instant those first that take away; those that nobody dated come last."""
    found = list(expected)
    dated = sorted((each for each in found if each.at is not None), key=lambda each: (each.at or now, each.eaches))
    left, rows = on_hand, []
    for each in dated:
        left += each.eaches
        rows.append(Projected(each, left, each.at is not None and each.at < now))
    return (*rows, *(Projected(each, None, False) for each in found if each.at is None))


@dataclass(frozen=True, slots=True)
class Use:
    """So many eaches of a supply that a demand uses. `late`: they come after it is to leave, or nobody said when."""

    demand: Ahead
    eaches: int
    late: bool = False


@dataclass(frozen=True, slots=True)
class Supply:
    """Goods that lie there or are to come, the demands that use them, and how many nobody uses. `late`: their time is over and they
    have not come."""

    ahead: Ahead
    uses: tuple[Use, ...]
    free: int
    late: bool


@dataclass(frozen=True, slots=True)
class Forward:
    """Each supply against the demand that uses it, and what no supply covers."""

    supplies: tuple[Supply, ...]
    uncovered: tuple[Use, ...]


def pair(on_hand: int, expected: Iterable[Ahead], now: datetime) -> Forward:
    """What lies there is used first, then what comes, the soonest first and what nobody dated last; by the demands in the order in
    which they leave, those that nobody dated last."""
    found = list(expected)
    found.sort(key=lambda each: (each.at is None, each.at or now))
    demands = [each for each in found if each.eaches < 0]
    coming = [each for each in found if each.eaches > 0]
    here = Ahead(now, max(0, on_hand), "lie there now")
    waiting = [-demand.eaches for demand in demands]
    supplies = []
    for supply in (here, *coming):
        left, uses = supply.eaches, list[Use]()
        for place, demand in enumerate(demands):
            if taken := min(left, waiting[place]):
                left -= taken
                waiting[place] -= taken
                uses.append(Use(demand, taken, supply is not here and _comes_late(supply, demand)))
        late = supply is not here and supply.at is not None and supply.at < now
        supplies.append(Supply(supply, tuple(uses), left, late))
    uncovered = (Use(demand, left) for demand, left in zip(demands, waiting, strict=True) if left)
    return Forward(tuple(supplies), tuple(uncovered))


def _comes_late(supply: Ahead, demand: Ahead) -> bool:
    if demand.at is None:
        return False
    return supply.at is None or supply.at > demand.at
