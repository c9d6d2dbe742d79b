"""Buffers: eaches that a channel is never shown, because what is known is always older than what is true.

Between a sale somewhere else and our hearing of it lies the delay of that feed. What sells in that time may be sold twice.
A buffer is fixed, a percentage, or computed: the smallest number of eaches for which the chance that more than that is sold
within the delay is at most the agreed risk. All arithmetic is in whole numbers and fractions; nothing is rounded.

Sources: demand over a lead time and its safety stock as in Hadley and Whitin, Analysis of Inventory Systems (1963), ch. 4;
the negative binomial for demand that varies more than its mean: Ehrhardt (1979), Management Science 25(8); Poisson else.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

from trueup.base.errors import ConfigurationError, Invalid

FEW_WINDOWS = 200
"""With fewer windows of history than this per accepted oversell the tail is not seen, and a distribution stands in for it."""
MOST_BUFFER = 100_000
_SCALE = 1 << 128


@dataclass(frozen=True, slots=True)
class BufferRule:
    """How large a buffer is: the largest of what is given. `risk_percent`: the computed one, None where it is not wanted."""

    eaches: int = 0
    percent: Fraction = Fraction(0)
    risk_percent: Fraction | None = None

    def __post_init__(self) -> None:
        if self.eaches < 0 or not 0 <= self.percent <= 100:
            raise ConfigurationError(
                f"A buffer of {self.eaches} eaches or {self.percent} %: expected zero or more, to 100 %."
            )
        if self.risk_percent is not None and not 0 < self.risk_percent <= 50:
            raise ConfigurationError(f"A risk of {self.risk_percent} %: expected more than 0, and 50 at most.")

    def __str__(self) -> str:
        """As people say it: `2 eaches or 10 %, whichever is more`."""
        parts = [f"{self.eaches} {'each' if self.eaches == 1 else 'eaches'}"] if self.eaches else []
        parts += [f"{percent_text(self.percent)} %"] if self.percent else []
        parts += (
            [f"computed for a risk of {percent_text(self.risk_percent)} %"] if self.risk_percent is not None else []
        )
        more = ", whichever is more" if len(parts) > 1 else ""
        return f"{' or '.join(parts) or 'nothing'}{more}"

    @classmethod
    def of(cls, eaches: int, percent: Decimal, risk_percent: Decimal | None) -> BufferRule:
        """The rule of three numbers as people give them, exactly."""
        return cls(eaches, Fraction(percent), None if risk_percent is None else Fraction(risk_percent))

    def keeps_at_least(self, other: BufferRule) -> bool:
        """Whether it never keeps back less than another, whatever lies there and whatever sells."""
        computes = other.risk_percent is None or (
            self.risk_percent is not None and self.risk_percent <= other.risk_percent
        )
        return self.eaches >= other.eaches and self.percent >= other.percent and computes

    def size(self, pool: int, computed: int = 0) -> int:
        """The buffer in eaches of a product of which so many lie here. A part of a unit is a whole one."""
        part = -(-pool * self.percent.numerator // (self.percent.denominator * 100))
        return max(self.eaches, part, computed if self.risk_percent is not None else 0)


def percent_text(share: Fraction) -> str:
    """A percentage as people write it: `2.5`."""
    return f"{(Decimal(share.numerator) / share.denominator).normalize():f}"


class Method(StrEnum):
    """How the chance of demand within the delay was found."""

    NO_DEMAND = "no demand"
    EMPIRICAL = "empirical"
    POISSON = "Poisson"
    NEGATIVE_BINOMIAL = "negative binomial"


@dataclass(frozen=True, slots=True)
class Demand:
    """What sold in so many windows of one length: the eaches of each window in which anything did. All others sold nothing."""

    windows: int
    sold: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.sold) > self.windows or any(each <= 0 for each in self.sold):
            raise Invalid(f"Demand of {self.sold} in {self.windows} windows; expected one or more in each that sold.")

    @property
    def mean(self) -> Fraction:
        """Sold a window."""
        return Fraction(sum(self.sold), self.windows) if self.windows else Fraction(0)

    @property
    def variance(self) -> Fraction:
        """Of the windows, about their mean, over one less than their number."""
        if self.windows < 2:
            return Fraction(0)
        return (sum(each * each for each in self.sold) - self.windows * self.mean**2) / (self.windows - 1)


@dataclass(frozen=True, slots=True)
class ComputedBuffer:
    """The smallest buffer under a risk, how it was found, and the risk that is left with it: a bound from above, exact."""

    eaches: int
    method: Method
    risk: Fraction
    mean: Fraction
    windows: int

    def __str__(self) -> str:
        sold = f"{self.mean * self.windows} sold in {self.windows} windows" if self.mean else "nothing sold"
        return f"{self.eaches} eaches ({self.method.value}; {sold})"


def compute_buffer(demand: Demand, risk: Fraction) -> ComputedBuffer:
    """The smallest buffer for which the chance that a window sells more is at most `risk`.

    The windows themselves are asked when they are many enough to show so rare an event; else a negative binomial with their
    mean and variance, or a Poisson where they vary no more than that. Raises Invalid unless 0 < risk < 1.
    """
    if not 0 < risk < 1:
        raise Invalid(f"A risk of {risk}, expected more than 0 and less than 1.")
    mean, count = demand.mean, demand.windows
    if mean == 0:
        return ComputedBuffer(0, Method.NO_DEMAND, Fraction(0), mean, count)
    if count * risk >= FEW_WINDOWS:
        eaches, left = _empirical(demand, risk)
        return ComputedBuffer(eaches, Method.EMPIRICAL, left, mean, count)
    if demand.variance > mean:
        eaches, left = negative_binomial_quantile(mean, demand.variance, risk)
        return ComputedBuffer(eaches, Method.NEGATIVE_BINOMIAL, left, mean, count)
    eaches, left = poisson_quantile(mean, risk)
    return ComputedBuffer(eaches, Method.POISSON, left, mean, count)


def _empirical(demand: Demand, risk: Fraction) -> tuple[int, Fraction]:
    largest = sorted(demand.sold, reverse=True)
    # So many windows may sell more than the buffer.
    allowed = demand.windows * risk.numerator // risk.denominator
    eaches = largest[allowed] if allowed < len(largest) else 0
    return eaches, Fraction(sum(1 for each in largest if each > eaches), demand.windows)


@lru_cache(maxsize=65_536)
def poisson_quantile(mean: Fraction, risk: Fraction) -> tuple[int, Fraction]:
    """The smallest b with P(D > b) <= risk for a Poisson demand, and a bound from above of that chance.

    e^-mean has no fraction. With t[k] = mean^k / k! the chance is the sum of t after b over e^mean; that sum is bounded by the
    terms up to where they vanish and a geometric series after, e^mean by the sum of the terms. Rounding goes up above the
    line and down below it, at 2^-128 of a term, so the bound errs by less than any risk anyone agrees on.
    """
    upper, down = [_SCALE], _SCALE
    whole = down
    while len(upper) <= 2 * mean + 1 or upper[-1] << 64 > whole:
        step = mean.denominator * len(upper)
        upper.append(-(-upper[-1] * mean.numerator // step))
        down = down * mean.numerator // step
        whole += down
    tail = 2 * upper[-1]  # beyond twice the mean each term is at most half of the one before
    eaches = len(upper) - 1
    while eaches > 0 and tail + upper[eaches] <= risk * whole:
        tail += upper[eaches]
        eaches -= 1
    return eaches, Fraction(tail, whole)


@lru_cache(maxsize=65_536)
def negative_binomial_quantile(mean: Fraction, variance: Fraction, risk: Fraction) -> tuple[int, Fraction]:
    """The smallest b with P(D > b) <= risk for a negative binomial demand with that mean, and that chance, exactly.

    Its shape is mean^2/(variance - mean), taken down to a whole number: fewer, larger bursts, so the chance is never too
    small; the probabilities are then exact fractions.
    """
    shape = max(1, int(mean * mean / (variance - mean)))
    success = Fraction(shape) / (shape + mean)
    chance = success**shape
    below = Fraction(0)
    for eaches in range(MOST_BUFFER):
        below += chance
        if 1 - below <= risk:
            return eaches, 1 - below
        chance = chance * (eaches + shape) / (eaches + 1) * (1 - success)
    raise Invalid(f"No buffer of up to {MOST_BUFFER} eaches keeps a demand of {mean} a window under a risk of {risk}.")
