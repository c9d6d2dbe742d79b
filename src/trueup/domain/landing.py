"""Landing: whether Amazon holds the acknowledgement that we sent, judged from its own order status."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from trueup.base.quantity import Unit
from trueup.domain.acknowledgements import Acknowledgement, Answer


@dataclass(frozen=True, slots=True)
class LineStatus:
    """One line as getPurchaseOrdersStatus shows it. Amounts are in the unit of the order; None where Amazon shows none.

    `received`: what its dock has counted in so far, all receipts together; `received_at`: the latest of them. It is in the unit in
    which it is told, `unit`, of so many eaches each, `unit_size`, where that is said; without a unit in that of the order.
    """

    sequence: int
    ordered: int | None
    accepted: int | None
    rejected: int | None
    confirmation: str
    acknowledged_at: datetime | None
    received: int | None = None
    received_at: datetime | None = None
    unit: Unit | None = None
    unit_size: int | None = None


@dataclass(frozen=True, slots=True)
class OrderStatus:
    """An order as getPurchaseOrdersStatus shows it."""

    number: str
    open: bool
    updated_at: datetime | None
    lines: tuple[LineStatus, ...]


@dataclass(frozen=True, slots=True)
class Landing:
    """`held`: every line stands at Amazon as we answered it. `contradictions` name lines that stand otherwise.

    Neither: Amazon shows no answer to some line yet.
    """

    held: bool
    contradictions: tuple[str, ...]
    unheld: tuple[int, ...]
    """The lines concerned: contradicted, or without an answer yet."""


CLOCKS_DIFFER = timedelta(minutes=2)


def judge(answer: Acknowledgement, status: OrderStatus, sent_at: datetime | None) -> Landing:
    """Compare what we answered with what Amazon shows.

    Only what Amazon acknowledged since `sent_at` can contradict a later answer; older quantities are the former answer
    still standing. How Amazon counts a backordered quantity is unknown: it may show under neither sum, so what must hold
    is that the accepted sum is ours and the rejected sum is ours; a line with backorders alone is proven by its
    confirmation time alone.
    """
    shown = {line.sequence: line for line in status.lines}
    contradictions: list[str] = []
    unheld: list[int] = []
    for decision in answer.lines:
        line = shown.get(decision.sequence)
        if line is None or not _answered(line):
            unheld.append(decision.sequence)
            continue
        ours = (decision.quantity(Answer.ACCEPTED), decision.quantity(Answer.REJECTED))
        theirs = _shown(line)
        if ours == theirs and _fresh(line, sent_at):
            continue
        unheld.append(decision.sequence)
        if not _fresh(line, sent_at):
            continue
        contradictions.append(
            f"line {decision.sequence}: answered {ours[0]} accepted and {ours[1]} rejected, "
            f"Amazon shows {theirs[0]} accepted and {theirs[1]} rejected"
        )
    return Landing(not unheld, tuple(contradictions), tuple(unheld))


def foreign_answers(status: OrderStatus, ours: Acknowledgement | None, sent_at: datetime | None) -> tuple[str, ...]:
    """The lines that Amazon shows answered by someone else, in words: a person in its portal, most likely.

    `ours` is the newest answer that left, None when nothing did: then any answer is foreign. After it only a newer one is,
    of a line that is still ordered as it was when we answered it.
    """
    mine = {decision.sequence: decision for decision in ours.lines} if ours else {}
    found = []
    for line in status.lines:
        if not _answered(line) or line.ordered == 0:
            continue
        decision = mine.get(line.sequence)
        if ours is not None:
            amount = sum(part.quantity.amount for part in decision.parts) if decision else None
            if decision is None or not _fresh(line, sent_at) or line.ordered not in (None, amount):
                continue
            if (decision.quantity(Answer.ACCEPTED), decision.quantity(Answer.REJECTED)) == _shown(line):
                continue
        accepted, rejected = _shown(line)
        when = f" on {line.acknowledged_at:%Y-%m-%d %H:%M} UTC" if line.acknowledged_at else ""
        found.append(f"line {line.sequence}: {accepted} accepted and {rejected} rejected{when}")
    return tuple(found)


def _shown(line: LineStatus) -> tuple[int, int]:
    return line.accepted or 0, line.rejected or 0


def _answered(line: LineStatus) -> bool:
    return line.confirmation.upper() != "UNCONFIRMED" or line.acknowledged_at is not None


def _fresh(line: LineStatus, sent_at: datetime | None) -> bool:
    """Amazon's clock and ours may differ a little; an acknowledgement without a time is taken for the newest."""
    return sent_at is None or line.acknowledged_at is None or line.acknowledged_at >= sent_at - CLOCKS_DIFFER
