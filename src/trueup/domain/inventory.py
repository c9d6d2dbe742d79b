"""Stock: what was observed of it, what we hold of it, and how much of it may be promised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Level:
    """What a shop said about one product at one location at one instant, in eaches.

    on_hand = available + committed + the states that are neither (reserved, damaged, quality control, safety stock).
    `tracked` false means the shop does not count the product: its numbers mean nothing then.
    """

    sku: str
    location: str
    available: int
    committed: int
    on_hand: int
    tracked: bool
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Reservation:
    """Eaches of a product that one order line holds at a location.

    `claimed_at` is when the shop was seen to have committed them for us; until then only our own books hold them.
    """

    order_id: int
    sequence: int
    sku: str
    location: str
    eaches: int
    claimed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Availability:
    """How many eaches may be promised, and the sum that makes the number."""

    sku: str
    location: str
    observed: int
    held_by_us: int
    buffer: int
    pending: int
    """Of `held_by_us`: claims on their way to the shop, which its `available` may or may not know already."""

    @property
    def eaches(self) -> int:
        """Never negative: a shop that already owes goods promises none."""
        return max(0, self.observed - self.held_by_us - self.buffer)

    def __str__(self) -> str:
        return f"{self.eaches} eaches = {self.observed} available - {self.held_by_us} held for others - {self.buffer} buffer"


def available(level: Level, reservations: Iterable[Reservation], buffer: int, *, for_order: int) -> Availability:
    """What may be promised to `for_order`: the shop's `available`, less what we hold for others and the shop cannot know yet.

    A reservation that the shop was seen to hold before the observation is in its number already. One claimed later, or not
    yet, is subtracted: it may be counted twice (too careful), never forgotten (an oversell). The order's own claimed
    eaches are added back, since it asks for its whole quantity anew.
    """
    held = own = 0
    for reservation in reservations:
        known = reservation.claimed_at is not None and reservation.claimed_at < level.observed_at
        if reservation.order_id == for_order:
            own += reservation.eaches if known else 0
        elif not known:
            held += reservation.eaches
    return Availability(level.sku, level.location, level.available + own, held, buffer, held)
