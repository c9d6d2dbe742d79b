"""Recovery: which claims are worth disputing first, by what a dispute brings on average from our own outcomes.

Few outcomes say little, and that is shown: chances are Beta posteriors with a stated prior, exact fractions throughout, with the
interval that holds nine tenths of what is plausible.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import comb

from trueup.domain.disputes import DisputeState, Standing

PRIOR_WON, PRIOR_LOST = 1, 1
"""Before any outcome of our own every chance is as likely as another: Beta(1, 1)."""
PRIOR_SHARE = Fraction(3, 4)
"""Of a claim that was won, how much came back; weighed as one outcome."""
SOON_DAYS = 7
"""What ends within so many days is said to end soon."""
HANDLING_COST = "10.00"
"""What handling one dispute costs where nobody says otherwise: about a quarter of an hour's work."""
_NO_DEADLINE_DAYS = 1_000_000
_STEPS = 200
_ENOUGH = 400


@dataclass(frozen=True, slots=True)
class Experience:
    """Our own outcomes in a family: how many disputes won something, how many lost, and the sums claimed and won where won."""

    won: int = 0
    lost: int = 0
    claimed_minor: int = 0
    won_minor: int = 0


@dataclass(frozen=True, slots=True)
class Chance:
    """A chance of winning with its interval: nine tenths of what is plausible lie from `low` to `high`."""

    mean: Fraction
    low: Fraction
    high: Fraction
    outcomes: int
    won: int = 0
    """Of the outcomes, those that brought something."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What disputing a claim brings on average, in minor units, and between which figures; and for how many days it can be done."""

    expected: int
    low: int
    high: int
    chance: Chance
    days_left: int | None


def chance(experience: Experience) -> Chance:
    """The posterior of winning. The interval is exact to a two-hundredth."""
    won, lost = PRIOR_WON + experience.won, PRIOR_LOST + experience.lost
    mean = Fraction(won, won + lost)
    if won + lost > _ENOUGH:  # more outcomes would only narrow an interval that is narrow already, at a price
        won = max(1, won * _ENOUGH // (won + lost))
        lost = max(1, _ENOUGH - won)
    low, high = _quantile(won, lost, Fraction(1, 20)), _quantile(won, lost, Fraction(19, 20))
    return Chance(mean, low, high, experience.won + experience.lost, experience.won)


def share(experience: Experience) -> Fraction:
    """Of a claim that is won, how much comes back: our own sums, with the prior weighed as one outcome of average size."""
    if not experience.won or not experience.claimed_minor:
        return PRIOR_SHARE
    average = Fraction(experience.claimed_minor, experience.won)
    return (experience.won_minor + PRIOR_SHARE * average) / (experience.claimed_minor + average)


def worth(open_minor: int, experience: Experience, standing: Standing, today: date, cost_minor: int) -> Worth:
    """What a dispute of a claim brings on average: amount x chance x share, less what handling costs.

    Nothing where there is no dispute to make now or later.
    """
    likely, part = chance(experience), share(experience)
    left = (standing.until - today).days if standing.until is not None else None
    if standing.state not in (DisputeState.OPEN, DisputeState.EARLY):
        return Worth(0, 0, 0, likely, left)

    def of(probability: Fraction) -> int:
        return round(open_minor * probability * part) - cost_minor

    return Worth(of(likely.mean), of(likely.low), of(likely.high), likely, left)


def urgency(value: Worth) -> tuple[int, int, int]:
    """The order of work: what is expected (money x chance) by the days that are left; of equals what ends sooner, then brings more.

    Nothing that brings nothing goes before what does. Without a last day a claim waits behind what has one.
    """
    left = max(value.days_left, 1) if value.days_left is not None else _NO_DEADLINE_DAYS
    daily = value.expected // left if value.expected > 0 else min(value.expected, 0) - 1
    return (-daily, left, -value.expected)


def _quantile(won: int, lost: int, at: Fraction) -> Fraction:
    """The smallest two-hundredth below which at least `at` of Beta(won, lost) lies; both are whole, so it is a binomial sum."""
    low, high = 0, _STEPS
    while low < high:
        middle = (low + high) // 2
        if _below(won, lost, middle) < at:
            low = middle + 1
        else:
            high = middle
    return Fraction(low, _STEPS)


def _below(won: int, lost: int, steps: int) -> Fraction:
    """P(Beta(won, lost) <= x) = P(Binomial(won + lost - 1, x) >= won) at x = steps / 200, in whole numbers until the end."""
    trials = won + lost - 1
    hits = range(won, trials + 1)
    ways = sum(comb(trials, each) * steps**each * (_STEPS - steps) ** (trials - each) for each in hits)
    return Fraction(ways, _STEPS**trials)
