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
