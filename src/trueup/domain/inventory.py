"""Stock: what a source counts, who holds how much of it, and how much of it may be promised: one sum, term by term.

Every number that is promised or published is an `Availability`: the terms that make it, each with its source and its age.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from trueup.base.errors import Invalid


@dataclass(frozen=True, slots=True)
class Level:
    """What a source said about one product at one location at one instant, in eaches.

    on_hand = available + committed + the states that are neither (reserved, damaged, quality control, safety stock).
    `incoming` is outside of all of them. `tracked` false means the source does not count the product: its numbers mean
    nothing then. `source` names who counted, `evidence` is the hash of what it said.
    """

    sku: str
    location: str
    available: int
    committed: int
    on_hand: int
    tracked: bool
    observed_at: datetime
    reserved: int = 0
    damaged: int = 0
    quality_control: int = 0
    safety_stock: int = 0
    incoming: int = 0
    source: str = "shop"
    evidence: str = ""


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


class Claimant(StrEnum):
    """For whom stock is asked."""

    WHOLESALE = "wholesale"
    SHOP = "shop"
    CIRCULAR = "circular"
    DIRECT = "direct"
    """A buyer's customers, who are sent goods from here."""


class TermKind(StrEnum):
    """What a term of the sum is. The order here is the order in which the sum is told."""

    ON_HAND = "on-hand"
    MOVED = "moved"
    SET_ASIDE = "set-aside"
    UNOFFERED = "unoffered"
    RENTED = "rented"
    COMMITTED = "committed"
    OWN = "own"
    HELD = "held"
    FENCED = "fenced"
    BUFFER = "buffer"
    CAPPED = "capped"
    TAKEN = "taken"


WORDS = {
    TermKind.ON_HAND: "on hand",
    TermKind.MOVED: "moved since the count",
    TermKind.SET_ASIDE: "set aside by the source",
    TermKind.UNOFFERED: "units not offered",
    TermKind.RENTED: "units in a rental window",
    TermKind.COMMITTED: "committed to the shop's orders",
    TermKind.OWN: "claimed for this order already",
    TermKind.HELD: "held for others",
    TermKind.FENCED: "kept for the circular programme",
    TermKind.BUFFER: "buffer",
    TermKind.CAPPED: "beyond what wholesale may take",
    TermKind.TAKEN: "taken by earlier lines of the order",
}


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a sum, signed, in eaches; who says so, when that was, and the hash of the evidence where there is one."""

    kind: TermKind
    eaches: int
    source: str
    as_of: datetime | None = None
    evidence: str = ""

    def __str__(self) -> str:
        return f"{abs(self.eaches)} {WORDS[self.kind]}"


@dataclass(frozen=True, slots=True)
class Availability:
    """How many eaches may be promised to a claimant, and the sum that makes the number."""

    sku: str
    location: str
    terms: tuple[Term, ...]
    pending: int = 0
    """Of what is held: claims on their way to the shop, which its `available` may or may not know already."""
    incoming: int = 0
    """Eaches on their way here. Told, never promised."""

    @property
    def total(self) -> int:
        """The sum of the terms. Negative where more is owed than there is."""
        return sum(term.eaches for term in self.terms)

    @property
    def eaches(self) -> int:
        """What may be promised. Never negative: a shop that already owes goods promises none."""
        return max(0, self.total)

    @property
    def as_of(self) -> datetime | None:
        """The age of the number: that of its oldest term."""
        return min((term.as_of for term in self.terms if term.as_of is not None), default=None)

    def of(self, *kinds: TermKind) -> int:
        """The sum of the terms of some kinds."""
        return sum(term.eaches for term in self.terms if term.kind in kinds)

    def take(self, eaches: int) -> Availability:
        """What is left when an earlier line of the same order took so many."""
        return replace(self, terms=(*self.terms, Term(TermKind.TAKEN, -eaches, "this order"))) if eaches else self

    def __str__(self) -> str:
        told = [term for term in self.terms if term.eaches or term.kind is TermKind.ON_HAND]
        parts = "".join(f" {'-' if term.eaches < 0 else '+'} {term}" for term in told[1:])
        return (
            f"{self.eaches} eaches = {told[0].eaches} {WORDS[told[0].kind]}{parts}" if told else "0 eaches: not counted"
        )


@dataclass(frozen=True, slots=True)
class Supply:
    """All that is known of a product at a location: its count, and what others hold of it. In eaches, none negative but `moved`.

    `moved`: what movements changed since the count; zero where the source counts by itself.
    `unoffered`, `rented`: of goods counted unit by unit, those that may not be promised, and those in a rental window.
    `held`: ours for purchase orders, and not in the count's own numbers. `held_known`: ours, and in its `committed`.
    `own`: of `committed`, what is claimed for the order that asks.
    """

    level: Level
    moved: int = 0
    unoffered: int = 0
    rented: int = 0
    held: int = 0
    held_known: int = 0
    own: int = 0

    @property
    def pool(self) -> int:
        """The sellable goods that lie here, whoever holds them: what percentages of an agreement are of."""
        return max(0, self.level.on_hand + self.moved - self.set_aside - self.unoffered)

    @property
    def set_aside(self) -> int:
        """What the source itself keeps out of its `available` and has not committed."""
        return self.level.on_hand - self.level.available - self.level.committed

    @property
    def wholesale(self) -> int:
        """What purchase orders other than the asking one hold here. What shipped is in no count: no more than is committed."""
        return self.held + min(self.held_known, max(0, self.level.committed - self.own))


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and what the agreements keep from it, in eaches of this product now.

    `circular_keeps`: what must be left for the circular programme, what it uses already included.
    `wholesale_most`: what wholesale may hold in all; None: no limit.
    """

    claimant: Claimant
    buffer: int = 0
    circular_keeps: int = 0
    wholesale_most: int | None = None

    def __post_init__(self) -> None:
        if min(self.buffer, self.circular_keeps, self.wholesale_most or 0) < 0:
            raise Invalid(f"Negative eaches in {self}; expected zero or more of each.")


def available(supply: Supply, asking: Asking) -> Availability:
    """What may be promised: what is there, less what anybody holds of it, what is kept for others, and the buffer.

    Safe by its parts: a claim that the source may know already is subtracted (counted twice it costs a sale, forgotten it
    oversells), and a fence keeps its share whole even where its owner has not used it.
    """
    level = supply.level
    at, source, evidence = level.observed_at, level.source, level.evidence
    sums = (
        (TermKind.MOVED, supply.moved, "movements"),
        (TermKind.SET_ASIDE, -supply.set_aside, source),
        (TermKind.UNOFFERED, -supply.unoffered, source),
        (TermKind.RENTED, -supply.rented, source),
        (TermKind.COMMITTED, -level.committed, source),
        (TermKind.OWN, supply.own, "reservations"),
        (TermKind.HELD, -supply.held, "reservations"),
    )
    terms = [Term(TermKind.ON_HAND, level.on_hand, source, at, evidence)]
    terms += [Term(kind, eaches, said, at, evidence if said is source else "") for kind, eaches, said in sums if eaches]
    kept = asking.circular_keeps - supply.rented
    if asking.claimant is not Claimant.CIRCULAR and kept > 0:
        terms.append(Term(TermKind.FENCED, -kept, "agreement"))
    if asking.buffer:
        said = "agreement" if asking.claimant is Claimant.WHOLESALE else "channel"
        terms.append(Term(TermKind.BUFFER, -asking.buffer, said))
    if asking.claimant is Claimant.WHOLESALE and asking.wholesale_most is not None:
        left = max(0, sum(term.eaches for term in terms))
        beyond = left - max(0, asking.wholesale_most - supply.wholesale)
        if beyond > 0:
            terms.append(Term(TermKind.CAPPED, -beyond, "agreement"))
    return Availability(level.sku, level.location, tuple(terms), supply.held, level.incoming)


def weigh(level: Level, reservations: Iterable[Reservation], *, for_order: int) -> Supply:
    """A count and what orders hold of it. Reservations of other products or places are the caller's not to bring.

    A reservation that the shop was seen to hold before the observation is in its number already. One claimed later, or not
    yet, is subtracted: it may be counted twice (too careful), never forgotten (an oversell). The order's own claimed
    eaches are added back, since it asks for its whole quantity anew.
    """
    held = known_held = own = 0
    for reservation in reservations:
        known = reservation.claimed_at is not None and reservation.claimed_at < level.observed_at
        if reservation.order_id == for_order:
            own += reservation.eaches if known else 0
        elif known:
            known_held += reservation.eaches
        else:
            held += reservation.eaches
    return Supply(level, held=held, held_known=known_held, own=own)
