"""Recovery: which claims are worth disputing first, by what a dispute brings on average from our own outcomes.

Few outcomes say little, and that is shown: chances are Beta posteriors with a stated prior, exact fractions throughout, with the
interval that holds nine tenths of what is plausible.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
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
PARTS = 1_000_000
"""What comes back of a claim on average is counted in so many parts of it: whole numbers, and a database finds the same cent."""
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
    share: Fraction
    """Of what is won, how much comes back."""
    cost: int
    """What handling it costs."""


@lru_cache(maxsize=64)
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
        return Worth(0, 0, 0, likely, left, part, cost_minor)

    def of(probability: Fraction) -> int:
        return Yield(_parts(probability * part), cost_minor).of(open_minor)

    return Worth(of(likely.mean), of(likely.low), of(likely.high), likely, left, part, cost_minor)


def urgency(value: Worth) -> tuple[int, int, int]:
    """The order of work: what is expected (money x chance) by the days that are left; of equals what ends sooner, then brings more.

    Nothing that brings nothing goes before what does. Without a last day a claim waits behind what has one.
    """
    left = max(value.days_left, 1) if value.days_left is not None else _NO_DEADLINE_DAYS
    return (-_daily(value.expected, left), left, -value.expected)


def _daily(expected: int, left: int) -> int:
    return expected // left if expected > 0 else min(expected, 0) - 1


@dataclass(frozen=True, slots=True)
class Yield:
    """What claims of a family and currency bring on average: so many `parts` of PARTS of what is held, less a cost."""

    parts: int
    cost_minor: int

    def of(self, open_minor: int) -> int:
        """What a dispute about so much brings."""
        return (open_minor * self.parts + PARTS // 2) // PARTS - self.cost_minor

    def most(self, expected: int) -> int:
        """The most that can be held where a dispute brings no more than that: who holds more brings more, never less."""
        return ((expected + self.cost_minor + 1) * PARTS - PARTS // 2 - 1) // self.parts


def yield_of(experience: Experience, cost_minor: int) -> Yield:
    """What claims bring by our own outcomes."""
    return Yield(_parts(chance(experience).mean * share(experience)), cost_minor)


def _parts(of_one: Fraction) -> int:
    return max(1, round(of_one * PARTS))


RankKey = tuple[int, int, int, int, int]
"""Where a claim stands among those that can be disputed, smallest first: its urgency, then what is held, then the newest."""


def rank_key(expected: int, left: int, open_minor: int, claim_id: int) -> RankKey:
    """The key of a claim with so many days left, today being none of them but counted as one."""
    left = max(left, 1)
    return (-_daily(expected, left), left, -expected, -open_minor, -claim_id)


def rank_edge(rate: Yield, left: int, key: RankKey) -> tuple[int, int]:
    """Among claims of one yield and one last day, which differ in what is held alone, where a key is: of those behind it (held, id)
    is smaller than this pair, of those before it greater."""
    left = max(left, 1)
    daily, at, expected = -key[0], key[1], -key[2]
    if left != at:
        return rate.most(_most_expected(daily + 1 if left > at else daily, left)) + 1, 0
    less, as_much = rate.most(expected - 1), rate.most(expected)
    return max((less + 1, 0), min((as_much + 1, 0), (-key[3], -key[4])))


def _most_expected(daily: int, left: int) -> int:
    """The most that can be expected by what has less than so much for each day."""
    if daily > 0:
        return daily * left - 1
    return min(daily, 0)


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
