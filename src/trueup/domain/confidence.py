"""Confidence: how sure an explanation of lines is, and what of them agrees with what it settles, said of four things one by one.

Not another scoring: the points are those of the matchers. An explanation *stands in the way* of another when both explain one line,
or when together they want more of an item than is open. Its *lead* are the points that it has more than the best one in its way;
all of its points where none is. Of the confidence the rule is:

- *none*: no matcher proposed it
- *low*: fewer points than the margin; a suggestion
- *medium*: the margin or more, and a lead of less: another explanation comes too close
- *high*: the margin or more, and a lead of as much
- *manual*: a person put it together

The names are those that accountants know from the reconciliation of bank statements (Business Central: Bank Rec. Match Confidence).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from trueup.base.money import Money
from trueup.domain.evidence import MARGIN, WINDOW_DAYS
from trueup.domain.invoices import normal_reference
from trueup.domain.likeness import likeness
from trueup.domain.matcher import Candidate
from trueup.domain.open_items import OpenItem, ResidueLine
from trueup.domain.words import names_in


class Confidence(StrEnum):
    """How sure an explanation is, in a word."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    MANUAL = "manual"


class Trait(StrEnum):
    """What of a line is held against an item."""

    REFERENCE = "reference"
    AMOUNT = "amount"
    DATE = "date"
    PARTY = "party"


class Accord(StrEnum):
    """How the two stand to each other: the same, alike, different, or one of them does not say."""

    AGREES = "agrees"
    ALIKE = "alike"
    DIFFERS = "differs"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Sign:
    """One trait, how it agrees, and both sides in words."""

    trait: Trait
    accord: Accord
    words: str


@dataclass(frozen=True, slots=True)
class Pairing:
    """Lines and what of which items they are to settle: minor units of `currency`, with the sign of what is open."""

    lines: Sequence[ResidueLine]
    parts: Sequence[tuple[OpenItem, int]]
    currency: str


def leads(candidates: Sequence[Candidate], open_: Mapping[str, int]) -> tuple[int, ...]:
    """By how many points each is ahead of the best one in its way. `open_`: what is open of each item, without sign."""
    by_line: dict[int, list[int]] = {}
    by_item: dict[str, list[int]] = {}
    for at, each in enumerate(candidates):
        for number in each.lines:
            by_line.setdefault(number, []).append(at)
        for part in each.parts:
            by_item.setdefault(part.key, []).append(at)
    found = []
    for at, each in enumerate(candidates):
        rivals = {other for number in each.lines for other in by_line[number]}
        rivals |= {
            other
            for part in each.parts
            for other in by_item[part.key]
            if abs(part.minor) + _wanted(candidates[other], part.key) > open_.get(part.key, 0)
        }
        found.append(each.score - max((candidates[other].score for other in rivals if other != at), default=0))
    return tuple(found)


def _wanted(candidate: Candidate, key: str) -> int:
    return sum(abs(part.minor) for part in candidate.parts if part.key == key)


def confidence(score: int, lead: int, margin: int = MARGIN) -> Confidence:
    """How sure an explanation of a matcher's is, by its points and its lead. Without points nobody proposed it."""
    if score < 1:
        return Confidence.NONE
    if score < margin:
        return Confidence.LOW
    return Confidence.HIGH if lead >= margin else Confidence.MEDIUM


def signs(pairing: Pairing) -> tuple[Sign, ...]:
    """Reference, amount, date and party, in this order. Without an item there is only the amount: the lines cancel each other."""
    pairs = [(line, item) for line in pairing.lines for item, _ in pairing.parts]
    if not pairs:
        left = sum(line.settled for line in pairing.lines)
        words = f"they come to {Money(left, pairing.currency)}"
        return (Sign(Trait.AMOUNT, Accord.DIFFERS if left else Accord.AGREES, words),)
    return (
        _together(Trait.REFERENCE, [_reference(line, item) for line, item in pairs]),
        _amount(pairing),
        _together(Trait.DATE, [_date(line, item) for line, item in pairs]),
        _together(Trait.PARTY, [_party(line, item) for line, item in pairs]),
    )


def _together(trait: Trait, found: Sequence[tuple[Accord, str]]) -> Sign:
    """Of several lines and items: what holds of all, or else alike where it holds of some."""
    accords = {accord for accord, _ in found}
    words = "; ".join(dict.fromkeys(said for _, said in found[:3]))
    if len(accords) == 1:
        return Sign(trait, accords.pop(), words)
    some = accords & {Accord.AGREES, Accord.ALIKE}
    return Sign(trait, Accord.ALIKE if some else Accord.DIFFERS, words)


def _reference(line: ResidueLine, item: OpenItem) -> tuple[Accord, str]:
    written, known = normal_reference(line.reference), normal_reference(item.reference)
    if written and written == known:
        return Accord.AGREES, f"both say {item.reference}"
    if written.lstrip("0") and written.lstrip("0") == known.lstrip("0"):
        return Accord.ALIKE, f"{line.reference} is {item.reference} but for leading zeros"
    if known in names_in(line):
        return Accord.ALIKE, f"the line's text names {item.reference}"
    order = item.purchase_order.upper()
    if order and (order in line.purchase_orders or normal_reference(order) == written):
        return Accord.ALIKE, f"both name order {item.purchase_order}"
    how = likeness(written, known) if written and known else None
    if how is not None:
        return Accord.ALIKE, f"{line.reference} {how.value}: {item.reference}"
    if not written:
        return Accord.MISSING, "the line names nothing"
    return Accord.DIFFERS, f"the line says {line.reference}, it is {item.reference}"


def _amount(pairing: Pairing) -> Sign:
    settled = sum(line.settled for line in pairing.lines)
    placed = sum(minor for _, minor in pairing.parts)
    open_ = sum(item.open for item, _ in pairing.parts)
    line, whole = Money(settled, pairing.currency), Money(open_, pairing.currency)
    if settled == placed == open_:
        return Sign(Trait.AMOUNT, Accord.AGREES, f"{line} settles all that is open")
    if settled == placed:
        return Sign(Trait.AMOUNT, Accord.ALIKE, f"{line} is a part of {whole} that are open")
    return Sign(Trait.AMOUNT, Accord.DIFFERS, f"the line is {line}, open are {whole}")


def _date(line: ResidueLine, item: OpenItem) -> tuple[Accord, str]:
    if line.day is None or item.day is None:
        silent = "the line" if line.day is None else item.called
        return Accord.MISSING, f"{silent} has no day"
    apart = abs((line.day - item.day).days)
    if not apart:
        return Accord.AGREES, f"both are of {item.day.isoformat()}"
    words = f"the line is of {line.day.isoformat()}, it is of {item.day.isoformat()}"
    return (Accord.ALIKE if apart <= WINDOW_DAYS else Accord.DIFFERS), words


def _party(line: ResidueLine, item: OpenItem) -> tuple[Accord, str]:
    if not line.payee or not item.payee:
        return (
            Accord.MISSING,
            "the payment has no vendor code" if not line.payee else f"{item.called} has no vendor code",
        )
    if line.payee == item.payee:
        return Accord.AGREES, f"both are of {item.payee}"
    return Accord.DIFFERS, f"the payment is to {line.payee}, it is of {item.payee}"


def open_of(items: Iterable[OpenItem]) -> dict[str, int]:
    """What is open of each item, without sign, by its key."""
    return {item.key: abs(item.open) for item in items}
