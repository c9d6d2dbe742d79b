"""Disputes: until when a claim of Amazon's can be contested, how often, and what became of it.

The windows are rules of Amazon's as vendors report them, with the day they were read: data that an installation may replace.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from trueup.base.errors import Refused
from trueup.domain.deduction import Family


class Counted(StrEnum):
    """From which day a window is counted."""

    NOTICE = "notice"
    """When the claim was first taken from a payment."""
    DUE = "due"
    """When the invoice it is about was due; the notice where that is not known."""


@dataclass(frozen=True, slots=True)
class DisputeWindow:
    """When claims of a family can be disputed: not before `opens` and not after `closes` days from the day it is counted from.

    `attempts`: how many disputes there can be; a second one within `again` days of the refusal. `batch`: how many claims one
    submission takes. `as_of` and `source`: when and where the rule was read.
    """

    family: Family
    counted: Counted
    closes: int
    opens: int = 0
    attempts: int = 2
    again: int = 30
    batch: int = 10
    as_of: date = date(2026, 11, 1)
    source: str = ""


WINDOWS: Mapping[Family, DisputeWindow] = {
    each.family: each
    for each in (
        DisputeWindow(
            Family.SHORTAGE,
            Counted.DUE,
            730,
            35,
            source="vendors report about two years since 2025, nothing for 35 days after due",
        ),
        DisputeWindow(
            Family.PRICE, Counted.DUE, 30, attempts=1, source="vendors report 30 days from due; not reopened"
        ),
        DisputeWindow(Family.CHARGEBACK, Counted.NOTICE, 30, source="vendors report 30 days from notice, two attempts"),
        DisputeWindow(Family.RETURN, Counted.NOTICE, 30, source="no rule found; that of chargebacks is the safe side"),
        DisputeWindow(Family.AUDIT, Counted.NOTICE, 30, source="no rule found; that of chargebacks is the safe side"),
        DisputeWindow(
            Family.ALLOWANCE, Counted.NOTICE, 30, source="no rule found; that of chargebacks is the safe side"
        ),
    )
}


class Piece(StrEnum):
    """What a reviewer at Amazon asks for."""

    INVOICE = "invoice"
    ORDER = "order"
    ANSWER = "answer"
    """Our acknowledgement of the order, with what was agreed."""
    PACKED = "packed"
    """What was in the shipment: products and quantities, as a packing list says them."""
    SHIPPED = "shipped"
    DELIVERED = "delivered"


_GOODS = (Piece.INVOICE, Piece.ORDER, Piece.PACKED, Piece.SHIPPED, Piece.DELIVERED)
_PIECES: Mapping[Family, tuple[Piece, ...]] = {
    Family.SHORTAGE: _GOODS,
    Family.PRICE: (Piece.INVOICE, Piece.ORDER, Piece.ANSWER),
    Family.CHARGEBACK: (Piece.ORDER, Piece.ANSWER, Piece.SHIPPED),
    Family.RETURN: (Piece.INVOICE, Piece.SHIPPED, Piece.DELIVERED),
}


def pieces_of(family: Family) -> tuple[Piece, ...]:
    """The evidence that a dispute of the family takes: of goods where they went, of prices and chargebacks what was agreed.

    Of other families Amazon's help names none: the invoice and its order are what each of them begins with. Source: what vendors
    report to be asked for, 2025.
    """
    return _PIECES.get(family, (Piece.INVOICE, Piece.ORDER))


SAFE = DisputeWindow(
    Family.OTHER, Counted.NOTICE, 30, source="no rule found; the shortest known window is the safe side"
)


class Outcome(StrEnum):
    """What Amazon answered."""

    WON = "won"
    PARTLY = "partly"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One submission in Amazon's portal: its number from 1, when, under which reference there, and what came of it.

    `won`: minor units that Amazon agreed to give back; None while there is no answer.
    """

    number: int
    submitted_on: date
    reference: str
    by: str
    outcome: Outcome | None = None
    answered_on: date | None = None
    won: int | None = None


class DisputeState(StrEnum):
    """Where a claim stands on its way back."""

    EARLY = "early"
    """The window is not open yet."""
    OPEN = "open"
    SUBMITTED = "submitted"
    WON = "won"
    """Agreed, and not yet paid back in full."""
    EXPIRED = "expired"
    EXHAUSTED = "exhausted"
    """Refused as often as it can be."""
    REPAID = "repaid"
    WRITTEN_OFF = "written-off"
    """Given up by us, as far as Amazon did not give it back."""


@dataclass(frozen=True, slots=True)
class DisputableClaim:
    """A claim as disputes see it: what Amazon holds, since when, and what was tried. `due_on`: of the invoice it is about; `lost`:
    what we gave up of it."""

    family: Family
    open: int
    noticed_on: date
    due_on: date | None = None
    attempts: tuple[Attempt, ...] = ()
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a claim stands on a day: from when and until when the next dispute can be made, None where there is none to make."""

    state: DisputeState
    opens_on: date | None
    until: date | None
    window: DisputeWindow


def window_of(family: Family, windows: Mapping[Family, DisputeWindow] = WINDOWS) -> DisputeWindow:
    """The rule for a family; the shortest where none is known."""
    return windows.get(family, SAFE)


def standing(claim: DisputableClaim, today: date, windows: Mapping[Family, DisputeWindow] = WINDOWS) -> Standing:
    """Where a claim stands today."""
    window = window_of(claim.family, windows)
    start = claim.due_on if window.counted is Counted.DUE and claim.due_on is not None else claim.noticed_on
    opens, until = _later(start, window.opens), _later(start, window.closes)
    if claim.open <= 0:
        state = DisputeState.WRITTEN_OFF if claim.lost > 0 else DisputeState.REPAID
        return Standing(state, None, None, window)
    if claim.attempts:
        last = max(claim.attempts, key=lambda each: each.number)
        match last.outcome:
            case None:
                return Standing(DisputeState.SUBMITTED, None, None, window)
            case Outcome.WON:
                return Standing(DisputeState.WON, None, None, window)
            case Outcome.PARTLY | Outcome.LOST:
                if len(claim.attempts) >= window.attempts:
                    state = DisputeState.WON if last.outcome is Outcome.PARTLY else DisputeState.EXHAUSTED
                    return Standing(state, None, None, window)
                refused = last.answered_on or last.submitted_on
                opens, until = refused, _later(refused, window.again)
    if today > until:
        return Standing(DisputeState.EXPIRED, None, until, window)
    if today < opens:
        return Standing(DisputeState.EARLY, opens, until, window)
    return Standing(DisputeState.OPEN, opens, until, window)


def _later(day: date, days: int) -> date:
    """So many days later; the last day there is where that is beyond it."""
    return day + timedelta(days=min(days, (date.max - day).days))


def submit(claim: DisputableClaim, attempt: tuple[date, str, str]) -> Attempt:
    """The next attempt: `attempt` is the day, the reference in the portal, and who. Raises Refused when none can be made."""
    day, reference, by = attempt
    now = standing(claim, day)
    if now.state is not DisputeState.OPEN:
        words = {
            DisputeState.EARLY: f"it can be disputed from {now.opens_on} on",
            DisputeState.EXPIRED: f"it could be disputed until {now.until}",
            DisputeState.SUBMITTED: "a dispute is under way; record its outcome first",
        }
        raise Refused(
            f"This {claim.family.value} claim cannot be submitted on {day}: {words.get(now.state, now.state.value)}."
        )
    return Attempt(len(claim.attempts) + 1, day, reference, by)


def submissions(claims: Iterable[tuple[str, Family]]) -> list[tuple[Family, tuple[str, ...]]]:
    """Claims of one family together, as many as one submission in the portal takes."""
    by_family: dict[Family, list[str]] = {}
    for name, family in claims:
        by_family.setdefault(family, []).append(name)
    batches = []
    for family, names in sorted(by_family.items()):
        size = window_of(family).batch
        batches += [(family, tuple(names[start : start + size])) for start in range(0, len(names), size)]
    return batches
