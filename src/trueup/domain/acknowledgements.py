"""Acknowledgements: what we answer to a purchase order, line by line, and how the answer is decided.

Sources: Amazon's submit-order-acknowledgement guide (every line within 24 hours, several answers to split a line, a line
once rejected stays rejected, quantities never above the order, costs and identifiers echoed) and vendorOrders.json.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from trueup.base.errors import Refused
from trueup.base.quantity import Quantity
from trueup.domain.inventory import Availability
from trueup.domain.orders import OrderLine, PurchaseOrder
from trueup.domain.partners import Agreement, Fallback, Shortfall
from trueup.domain.units import LineUnits


class Answer(StrEnum):
    """SP-API `acknowledgementCode`; on EDI ACK01 IA, IB, IR."""

    ACCEPTED = "accepted"
    BACKORDERED = "backordered"
    REJECTED = "rejected"


class Reason(StrEnum):
    """SP-API `rejectionReason`; on EDI ACK01 R4 (not available), R2 (invalid item number), ID (obsolete)."""

    TEMPORARILY_UNAVAILABLE = "temporarily-unavailable"
    INVALID_PRODUCT_IDENTIFIER = "invalid-product-identifier"
    OBSOLETE_PRODUCT = "obsolete-product"


@dataclass(frozen=True, slots=True)
class Part:
    """One answer about part of a line, in the unit of the order. `ship_on` is given for what will ship, a reason for a reject."""

    answer: Answer
    quantity: Quantity
    ship_on: datetime | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class LineDecision:
    """The answer to one line, why in words, and how many eaches it takes from stock."""

    sequence: int
    parts: tuple[Part, ...]
    why: str
    sku: str | None
    eaches: int = 0
    forced: bool = False
    """Answered by the agreement's fallback while still held."""

    def quantity(self, answer: Answer) -> int:
        """The amount so answered, in units of the order."""
        return sum(part.quantity.amount for part in self.parts if part.answer is answer)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The answer to a whole order. Amazon takes a line that is missing for rejected; a cancelled line needs no answer,
    and a negative one can have none."""

    order: PurchaseOrder
    decided_at: datetime
    lines: tuple[LineDecision, ...]

    def __post_init__(self) -> None:
        answered = {decision.sequence for decision in self.lines}
        owed = {line.sequence for line in self.order.lines if line.ordered.amount > 0}
        if answered != owed:
            raise Refused(
                f"Acknowledgement of {self.order.key}: lines {sorted(owed - answered)} would be missing and so rejected, "
                f"lines {sorted(answered - owed)} were not ordered; answer every line that was."
            )
        for decision in self.lines:
            line = self.order.line(decision.sequence)
            total = sum(part.quantity.amount for part in decision.parts)
            if line is None or total > line.ordered.amount or any(part.quantity.amount <= 0 for part in decision.parts):
                raise Refused(
                    f"Acknowledgement of {self.order.key} line {decision.sequence}: answers for {total} of "
                    f"{line.ordered if line else 0}; expected positive parts within the order."
                )


@dataclass(frozen=True, slots=True)
class Before:
    """What was answered to a line earlier. A line once rejected can never be accepted or backordered again."""

    answered: frozenset[Answer]
    ordered_amount: int = 0
    rejected_amount: int = 0

    def closed_amount(self, ordered_now: int) -> int:
        """How much of the line stays rejected. What Amazon took back since was first what we had refused."""
        return max(0, self.rejected_amount - max(0, self.ordered_amount - ordered_now))


@dataclass(frozen=True, slots=True)
class Occasion:
    """Under which terms and when a line is decided; `ship_by` is the last day on which the goods may be handed over."""

    agreement: Agreement
    now: datetime
    ship_by: datetime | None = None


def decide_line(line: OrderLine, units: LineUnits, availability: Availability, occasion: Occasion) -> LineDecision:
    """Accept what is there, split the rest by the agreement. `availability` is what earlier lines of the order left.

    Accepted eaches are whole ordered units, and whole packs where the agreement sells by the pack.
    """
    agreement, now, ship_by = occasion.agreement, occasion.now, occasion.ship_by
    wanted = line.ordered.amount
    if units.product.obsolete:
        return reject_line(
            line, units.product.sku, Reason.OBSOLETE_PRODUCT, "the product is obsolete in the item master"
        )
    step = units.unit_eaches
    pack = units.product.case_size
    if agreement.sells_by_pack and pack and units.eaches % pack == 0 and step < pack:
        step = pack
    fillable = min(units.eaches, availability.eaches) // step * step
    accepted = fillable // units.unit_eaches
    sum_in_words = f"{availability}; wanted {units.eaches}"
    if accepted >= wanted:
        part = Part(Answer.ACCEPTED, line.ordered, ship_by)
        return LineDecision(line.sequence, (part,), f"all in stock: {sum_in_words}", units.product.sku, units.eaches)
    rest = replace(line.ordered, amount=wanted - accepted)
    parts: tuple[Part, ...] = ()
    if accepted:
        parts = (Part(Answer.ACCEPTED, replace(line.ordered, amount=accepted), ship_by),)
    parts += (_shortfall(line, rest, agreement, now),)
    why = f"short by {units.eaches - fillable} eaches: {sum_in_words}"
    return LineDecision(line.sequence, parts, why, units.product.sku, fillable)


def force_line(line: OrderLine, agreement: Agreement, now: datetime, why: str) -> LineDecision | None:
    """The agreement's fallback for a line still held at the margin before the deadline.

    None when neither Amazon allows a backorder nor the agreement says in words that it rejects: then a case must say why
    the order goes unanswered.
    """
    backorder = line.backorder_allowed and agreement.fallback is not Fallback.REJECT
    if line.ordered.amount <= 0:
        return None
    if backorder:
        part = Part(Answer.BACKORDERED, line.ordered, now + timedelta(days=agreement.backorder_days))
        return LineDecision(line.sequence, (part,), f"backordered by fallback: {why}", None, forced=True)
    if agreement.fallback is Fallback.BACKORDER:
        return None
    words = f"rejected by fallback, as agreed ({agreement.fallback_words!r}): {why}"
    return replace(reject_line(line, None, Reason.TEMPORARILY_UNAVAILABLE, words), forced=True)


def backorder_line(line: OrderLine, sku: str | None, agreement: Agreement, now: datetime, why: str) -> LineDecision:
    """The whole line later. Raises Refused where the order does not allow backorders."""
    if not line.backorder_allowed:
        raise Refused(
            f"Line {line.sequence} cannot be backordered: the order does not allow it; reject it or lift the hold."
        )
    part = Part(Answer.BACKORDERED, line.ordered, now + timedelta(days=agreement.backorder_days))
    return LineDecision(line.sequence, (part,), why, sku)


def reject_line(line: OrderLine, sku: str | None, reason: Reason, why: str) -> LineDecision:
    """The whole line never."""
    return LineDecision(line.sequence, (Part(Answer.REJECTED, line.ordered, reason=reason),), why, sku)


def check_reopening(before: Before, line: OrderLine) -> None:
    """Raises Refused where nothing of the line can be accepted or backordered any more: all of it was rejected."""
    if _reopenable(before, line) == 0 and line.ordered.amount > 0:
        raise Refused(
            f"Line {line.sequence} was rejected, all {line.ordered.amount} of it, and Amazon never reopens what was rejected: "
            f"let the rejection stand and dismiss the case, or ask Amazon for a new order."
        )


def _reopenable(before: Before, line: OrderLine) -> int:
    """How much of the line may still be accepted or backordered."""
    if before.answered == frozenset({Answer.REJECTED}):
        return 0
    return max(0, line.ordered.amount - before.closed_amount(line.ordered.amount))


def keep_rejected(before: Before, line: OrderLine, decision: LineDecision) -> LineDecision:
    """The decision without what Amazon would silently ignore: accepting or backordering what was rejected first."""
    wanted = decision.quantity(Answer.ACCEPTED) + decision.quantity(Answer.BACKORDERED)
    may = _reopenable(before, line)
    if wanted <= may:
        return decision
    why = (
        f"{decision.why}; {line.ordered.amount - may} were rejected before, and Amazon never reopens what was rejected"
    )
    if may == 0:
        return replace(reject_line(line, decision.sku, Reason.TEMPORARILY_UNAVAILABLE, why), forced=decision.forced)
    parts: list[Part] = []
    left = may
    for answer in (Answer.ACCEPTED, Answer.BACKORDERED):
        for part in decision.parts:
            if part.answer is answer and left:
                parts.append(replace(part, quantity=replace(part.quantity, amount=min(left, part.quantity.amount))))
                left -= parts[-1].quantity.amount
    rest = replace(line.ordered, amount=line.ordered.amount - may)
    parts.append(Part(Answer.REJECTED, rest, reason=Reason.TEMPORARILY_UNAVAILABLE))
    cut = replace(decision, parts=tuple(parts), why=why)
    accepted = decision.quantity(Answer.ACCEPTED)
    return replace(cut, eaches=decision.eaches // accepted * cut.quantity(Answer.ACCEPTED) if accepted else 0)


def _shortfall(line: OrderLine, rest: Quantity, agreement: Agreement, now: datetime) -> Part:
    if agreement.shortfall is Shortfall.BACKORDER and line.backorder_allowed:
        return Part(Answer.BACKORDERED, rest, now + timedelta(days=agreement.backorder_days))
    return Part(Answer.REJECTED, rest, reason=Reason.TEMPORARILY_UNAVAILABLE)
