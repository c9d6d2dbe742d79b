"""Publishing stock: what a channel should show of a product at a place, what it shows, and what has to be written for it.

Counts are absolute and compared: the channel takes `on_hand` only while it still holds the number we believe it holds. Holds
are moved from what it may sell to what is reserved, by the difference to what we hold there already. Nothing is written where
the channel counts for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ShownStock:
    """What a channel said of one product at one place at one instant, in eaches. `item` is its own id of the product's stock.

    on_hand = available + committed + reserved + what is damaged, in quality control or safety stock.
    """

    sku: str
    item: str
    location: str
    available: int
    committed: int
    on_hand: int
    reserved: int
    tracked: bool
    observed_at: datetime
    damaged: int = 0
    quality_control: int = 0
    safety_stock: int = 0
    incoming: int = 0


@dataclass(frozen=True, slots=True)
class WantedStock:
    """What a channel should hold of a product at a place.

    `on_hand` is a count that is ours to state, None where the channel counts itself; `counted_at` says as of when it is, and is
    what tells a new count from one that was published already. `held` are eaches that the channel must not sell: reserved for
    others, and nothing that the channel has itself committed to an order of ours. `why` is the sum in words. `gone`: of
    `on_hand`, eaches that left since the count and that the channel did not take off itself: they went by another channel, or
    before the channel took the count. Never more than `on_hand`.
    """

    on_hand: int | None
    counted_at: datetime | None
    held: int
    why: str
    gone: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What we know the channel to hold: what it last accepted from us, and what it last showed.

    `believed` is the newest word on its on_hand, from either; None when it must be asked first. `published` is the count that
    it last took from us, less the `gone` that it was told since; `based_at` is when that count was sent. What its own orders move
    after then it takes off by itself.
    """

    believed: int | None = None
    published: int | None = None
    counted_at: datetime | None = None
    """As of when the count is that the channel last accepted from us."""
    held: int = 0
    shown: ShownStock | None = None
    gone: int = 0
    based_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CountWrite:
    """Set on_hand to `eaches`, if the channel still holds `expected`."""

    sku: str
    item: str
    location: str
    eaches: int
    expected: int


@dataclass(frozen=True, slots=True)
class HoldMove:
    """Move eaches from available to reserved; back where negative. Only if the channel still shows `expected` as reserved."""

    sku: str
    item: str
    location: str
    eaches: int
    expected: int


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be done for one product at one place."""

    count: CountWrite | None = None
    hold: HoldMove | None = None
    must_read: bool = False
    """Nothing can be decided before the channel is asked."""
    recounted: bool = True
    """Whether `count` states a count anew; else it lowers what the channel holds by what went another way."""

    @property
    def nothing(self) -> bool:
        """Whether the channel holds what it should, as far as we know."""
        return self.count is None and self.hold is None and not self.must_read


def decide(sku: str, item: str, location: str, wanted: WantedStock, standing: Standing) -> Due:
    """What brings the channel from where it stands to what is wanted.

    A count is written once, by its number and its time: what the channel makes of it afterwards (goods that its own orders sent
    off) is true until the next count. What went another way since is taken off what it holds then, and never put back: what comes
    back is for the next count to find. An echo of our own write therefore decides nothing. Raises AssertionError for a negative
    count or hold: a defect.
    """
    assert wanted.held >= 0 and (wanted.on_hand is None or 0 <= wanted.gone <= wanted.on_hand), (
        f"{sku} at {location}: {wanted}"
    )
    count = hold = None
    known = (wanted.on_hand, wanted.counted_at) == (_counted(standing), standing.counted_at)
    fresh = wanted.on_hand is not None and not known
    more = wanted.gone - standing.gone if known and wanted.on_hand is not None else 0
    delta = wanted.held - standing.held
    if ((fresh or more > 0) and standing.believed is None) or (delta and standing.shown is None):
        return Due(must_read=True)
    if standing.believed is not None and wanted.on_hand is not None:
        if fresh:
            count = CountWrite(sku, item, location, wanted.on_hand - wanted.gone, standing.believed)
        elif more > 0:
            count = CountWrite(sku, item, location, max(0, standing.believed - more), standing.believed)
    if delta and standing.shown is not None:
        hold = HoldMove(sku, item, location, delta, standing.shown.reserved)
    return Due(count, hold, recounted=fresh)


def _counted(standing: Standing) -> int | None:
    return None if standing.published is None else standing.published + standing.gone


@dataclass(frozen=True, slots=True)
class Drift:
    """Two numbers that should be one: ours and the channel's, in eaches, and of what they are."""

    sku: str
    location: str
    ours: int
    theirs: int
    what: str


@dataclass(frozen=True, slots=True)
class Course:
    """What a channel's own orders did to a count since it took it: `certain`, and what is so near to the count or the reading
    that it may be in it or not: at most `up` more and `down` less. `down` may also be units of which the channel does not say
    where they are."""

    certain: int = 0
    up: int = 0
    down: int = 0


def find_drift(sku: str, location: str, standing: Standing, shown: ShownStock, course: Course) -> Drift | None:
    """A channel that shows another number than it was told and its own orders explain.

    More sells what is not there; fewer leaves unsold what is. Where the channel counts for itself nothing was published, so that
    nothing can differ; nor where it does not count at all.
    """
    if standing.published is None or not shown.tracked:
        return None
    expected = standing.published + course.certain
    if shown.on_hand > expected + course.up:
        return Drift(sku, location, expected + course.up, shown.on_hand, "on hand")
    if shown.on_hand < expected - course.down:
        return Drift(sku, location, expected - course.down, shown.on_hand, "on hand")
    return None


def find_lost_hold(sku: str, location: str, standing: Standing, shown: ShownStock) -> Drift | None:
    """A channel that holds less for us than we moved there sells what is promised."""
    if standing.held > shown.reserved:
        return Drift(sku, location, standing.held, shown.reserved, "held")
    return None
