"""Ring-fences: how much of a product wholesale may hold, and how much the circular programme keeps; which units, and when.

A fence keeps goods that nobody has asked for yet; what was promised is kept by reservations and rental windows. Of several
fences that speak of a product the strictest holds, so their order means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fnmatch import translate
from fractions import Fraction
from functools import lru_cache

from trueup.base.errors import ConfigurationError
from trueup.base.money import Money
from trueup.domain.inventory import Asking, Claimant, Supply


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the sellable goods at a location: so many units, or a percentage of what lies there. Exactly one is given."""

    units: int | None = None
    percent: Fraction | None = None

    def __post_init__(self) -> None:
        if (self.units is None) == (self.percent is None):
            raise ConfigurationError("A share is units or a percentage: give one of them.")
        if (self.units or 0) < 0 or not 0 <= (self.percent or 0) <= 100:
            raise ConfigurationError(f"A share of {self}: expected zero or more units, or a percentage from 0 to 100.")

    def at_most(self, pool: int) -> int:
        """Of what a claimant may take: a part of a unit is none."""
        if self.percent is None:
            return self.units or 0
        return pool * self.percent.numerator // (self.percent.denominator * 100)

    def at_least(self, pool: int) -> int:
        """Of what is kept for a claimant: a part of a unit is a whole one. Never more than there is."""
        if self.percent is None:
            return min(self.units or 0, pool)
        return -(-pool * self.percent.numerator // (self.percent.denominator * 100))

    def __str__(self) -> str:
        return f"{self.units} units" if self.units is not None else f"{in_decimals(self.percent)} %"


def in_decimals(number: Fraction | None) -> str:
    """A percentage in words without rounding: 12.5, or 1/3 where no decimal says it."""
    if number is None:
        return "0"
    if number.denominator == 1:
        return str(number.numerator)
    for digits in range(1, 7):
        scaled = number * 10**digits
        if scaled.denominator == 1:
            whole, rest = divmod(scaled.numerator, 10**digits)
            return f"{whole}.{rest:0{digits}d}"
    return str(number)


@dataclass(frozen=True, slots=True)
class Season:
    """The same days of every year, the last included; it may go over the end of the year. (month, day) each."""

    first: tuple[int, int]
    last: tuple[int, int]

    def holds(self, day: date) -> bool:
        """Whether a day is in it."""
        here = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= here <= self.last
        return here >= self.first or here <= self.last


@dataclass(frozen=True, slots=True)
class Fence:
    """What an agreement says of the products whose SKUs match one of `skus` ("*" stands for any letters).

    `conditions`, `ready_only`: which units of goods counted one by one wholesale may take; no conditions: of any.
    `circular_worth`: what one unit earns in the circular programme, for the money of a conflict.
    """

    skus: tuple[str, ...] = ("*",)
    wholesale_most: Share | None = None
    circular_keeps: Share | None = None
    conditions: tuple[str, ...] = ()
    ready_only: bool = True
    season: Season | None = None
    circular_worth: Money | None = None

    def __post_init__(self) -> None:
        most, keeps = self.wholesale_most, self.circular_keeps
        if most is not None and keeps is not None and (most.percent or 0) + (keeps.percent or 0) > 100:
            raise ConfigurationError(
                f"A fence gives wholesale up to {most} and keeps {keeps} for the circular programme, together more than "
                f"all there is; lower one of them."
            )

    def covers(self, sku: str, day: date) -> bool:
        """Whether it speaks of a product on that day."""
        return (self.season is None or self.season.holds(day)) and _masks(self.skus).match(sku) is not None


@lru_cache(maxsize=1024)
def _masks(skus: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(translate(mask) for mask in skus) or r"(?!)")


@dataclass(frozen=True, slots=True)
class Fencing:
    """The fences that hold for one product on one day, as one."""

    fences: tuple[Fence, ...] = ()

    def wholesale_most(self, pool: int) -> int | None:
        """What wholesale may hold in all; None: no fence says. Nothing that is kept for the circular programme is in it."""
        shares = [fence.wholesale_most.at_most(pool) for fence in self.fences if fence.wholesale_most]
        if not shares:
            return None
        return min(*shares, pool - self.circular_keeps(pool))

    def circular_keeps(self, pool: int) -> int:
        """What the circular programme keeps."""
        return max((fence.circular_keeps.at_least(pool) for fence in self.fences if fence.circular_keeps), default=0)

    @property
    def conditions(self) -> frozenset[str] | None:
        """The conditions of units that wholesale may take; None: of any."""
        named = [frozenset(fence.conditions) for fence in self.fences if fence.conditions]
        return frozenset.intersection(*named) if named else None

    @property
    def ready_only(self) -> bool:
        """Whether wholesale may take only units that are ready. A unit that is not may turn out to be damaged."""
        return all(fence.ready_only for fence in self.fences)

    @property
    def circular_worth(self) -> Money | None:
        """What a unit kept for the circular programme earns there: the highest figure said, None where none is."""
        said = [fence.circular_worth for fence in self.fences if fence.circular_worth]
        same = [worth for worth in said if worth.currency == said[0].currency]
        return max(same, key=lambda worth: worth.minor, default=None)

    def asking(self, claimant: Claimant, supply: Supply, buffer: int) -> Asking:
        """The fences in eaches of this product now."""
        if not self.fences:
            return Asking(claimant, buffer)
        return Asking(claimant, buffer, self.circular_keeps(supply.pool), self.wholesale_most(supply.pool))


def fencing(fences: Iterable[Fence], sku: str, day: date) -> Fencing:
    """Those of the fences that hold for a product on a day."""
    found = [fence for fence in fences if fence.covers(sku, day)]
    return Fencing(tuple(found)) if found else _UNFENCED


_UNFENCED = Fencing()
