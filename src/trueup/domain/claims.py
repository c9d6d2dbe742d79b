"""Claim lineage: a claim, its reversal, the claim again ... is one story with one open balance.

Amazon cannot part-pay an invoice: it pays in full, claims by a separate negative line, gives back, claims again, and slices one
claim over several payments. The sum of all slices is what counts, in whatever order they arrive and however often a file is
repeated.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import groupby

from trueup.base.errors import Conflict, Invalid
from trueup.base.money import Money, exponent_of
from trueup.domain.deduction import Family
from trueup.domain.open_items import ItemKind, OpenItem

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class ClaimState(StrEnum):
    """Where the story stands: Amazon still holds of us, has given all back, or more than it took (a discrepancy)."""

    OPEN = "open"
    REVERSED = "reversed"
    OVER_REVERSED = "over-reversed"


@dataclass(frozen=True, slots=True)
class ClaimSlice:
    """One line of one payment that belongs to a chain.

    `link`: its place in the chain, from 1 (the claim), 2 (its reversal), 3 (the claim again). `settled`: minor units, signed
    as Amazon has them: a claim is negative, a reversal positive. `day`: when the payment was made. Payment and line are what
    it is known by.
    """

    link: int
    payment: str
    line: int
    settled: int
    day: date

    def __post_init__(self) -> None:
        if self.link < 1 or self.line < 1 or not self.payment:
            raise Invalid(
                f"Claim slice of payment {self.payment!r} line {self.line}: expected a payment, a line and a link from 1, "
                f"found link {self.link}."
            )

    @property
    def key(self) -> tuple[str, int]:
        """Payment and line: the same slice again changes nothing."""
        return self.payment, self.line


@dataclass(frozen=True, slots=True)
class ClaimChain:
    """One story. `links` are its slices, sorted by link, day, payment and line, so that equal stories are equal values.

    `chain`: its name within the family, normalised. Built by `join`. Raises Conflict when one line of a payment stands there
    twice with different content, Invalid for a chain without a slice.
    """

    payee: str
    family: Family
    chain: str
    links: tuple[ClaimSlice, ...]

    def __post_init__(self) -> None:
        known: dict[tuple[str, int], ClaimSlice] = {}
        for each in self.links:
            before = known.setdefault(each.key, each)
            if before != each:
                raise Conflict(
                    f"Claim {self.chain}: payment {each.payment} line {each.line} settles {before.settled} minor units as link "
                    f"{before.link} of {before.day}, and again {each.settled} as link {each.link} of {each.day}; "
                    "expected the same. Compare the two documents."
                )
        if not known:
            raise Invalid(f"Claim {self.chain} of {self.payee}: a chain has at least one slice.")
        sorted_slices = sorted(known.values(), key=lambda each: (each.link, each.day, each.payment, each.line))
        object.__setattr__(self, "links", tuple(sorted_slices))

    @property
    def key(self) -> str:
        """What the chain is known by among open items."""
        return f"{self.family.value}:{self.chain}@{self.payee}"

    @property
    def balance(self) -> int:
        """What Amazon still holds of us, in minor units; negative when it gave back more than it took."""
        return -sum(each.settled for each in self.links)

    @property
    def state(self) -> ClaimState:
        """Open, reversed or over-reversed, by the balance."""
        if self.balance > 0:
            return ClaimState.OPEN
        return ClaimState.REVERSED if self.balance == 0 else ClaimState.OVER_REVERSED

    @property
    def claimed(self) -> int:
        """All that was ever taken, in minor units, positive; claims again count again."""
        return -sum(each.settled for each in self.links if each.settled < 0)

    @property
    def missing(self) -> tuple[int, ...]:
        """Links before the last one that no slice was seen of: a reversal whose claim is older than our history."""
        seen = {each.link for each in self.links}
        return tuple(link for link in range(1, max(seen)) if link not in seen)

    @property
    def discrepancies(self) -> tuple[str, ...]:
        """What does not agree, in words: more given back than taken, links never seen, a sign against its link."""
        found = []
        if self.state is ClaimState.OVER_REVERSED:
            found.append("more was given back than was claimed")
        if self.missing:
            names = ", ".join(_link_name(link) for link in self.missing)
            found.append(f"{names} was never seen; import the earlier payments")
        for each in self.links:
            if each.settled and (each.settled < 0) != (each.link % 2 == 1):
                sign = "minus" if each.settled < 0 else "plus"
                found.append(f"payment {each.payment} line {each.line} is {_link_name(each.link)} with a {sign} sign")
        return tuple(found)

    def open_item(self) -> OpenItem | None:
        """The chain as something a later line can settle; None when all was given back."""
        if not self.balance:
            return None
        day = min(each.day for each in self.links)
        return OpenItem(self.key, ItemKind.CLAIM, self.chain, self.balance, day, payee=self.payee, about=self.chain)

    def story(self, currency: str) -> str:
        """The chain in words: "claimed 1,200.00 on 3 Oct 2026, given back 800.00 on 9 Nov 2026, 400.00 open"."""
        told = sorted(self.links, key=lambda each: (each.day, each.link, each.settled > 0, each.payment, each.line))
        taken_before = False
        sentences = []
        for (link, taken), group in groupby(told, key=lambda each: (each.link, each.settled < 0)):
            slices = tuple(group)
            verb = ("claimed again" if link > 1 and taken_before else "claimed") if taken else "given back"
            taken_before = taken_before or taken
            sentences.append(f"{verb} {_shown(abs(sum(each.settled for each in slices)), currency)} {_when(slices)}")
        return f"{', '.join(sentences)}, {self._ending(currency)}"

    def _ending(self, currency: str) -> str:
        match self.state:
            case ClaimState.OPEN:
                return f"{_shown(self.balance, currency)} open"
            case ClaimState.REVERSED:
                return "nothing open"
            case ClaimState.OVER_REVERSED:
                return f"{_shown(-self.balance, currency)} given back too much"


def join(chain: ClaimChain, slices: Iterable[ClaimSlice]) -> ClaimChain:
    """The chain with more slices; those it knows change nothing. Raises Conflict when a known line comes with other content."""
    return replace(chain, links=(*chain.links, *slices))


def _link_name(link: int) -> str:
    name = "the claim" if link % 2 else "the reversal"
    return name if link <= 2 else f"{name} number {(link + 1) // 2}"


def _when(slices: tuple[ClaimSlice, ...]) -> str:
    first, last = slices[0].day, slices[-1].day
    if len(slices) == 1:
        return f"on {_day(first)}"
    if first == last:
        return f"in {len(slices)} slices on {_day(first)}"
    return f"in {len(slices)} slices from {_day(first)} to {_day(last)}"


def _day(day: date) -> str:
    """Months by our own names, for those of the platform depend on where it runs."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _shown(minor: int, currency: str) -> str:
    return f"{Money(minor, currency).amount:,.{exponent_of(currency)}f}"
