"""Deliveries: a document on its way out, from prepared to proven. A transaction id is not acceptance.

    prepared ──> sent ──> received ──> accepted
       │          │           ├──────> rejected
       │          └───────────┴──────> unanswered ──> (proof may still arrive) accepted | rejected
       ├──> superseded      a newer answer replaced it before it was sent
       └──> received        it left, and word of it came before we could write that down

`received` is a 997 or CONTRL: syntax, not content. `accepted` is an independent read-back: order status, receipt, payment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trueup.base.errors import Conflict
from trueup.base.ids import Digest
from trueup.base.money import Money


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PREPARED = "prepared"
    SENT = "sent"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNANSWERED = "unanswered"
    SUPERSEDED = "superseded"


_NEXT = {
    DeliveryState.PREPARED: {
        DeliveryState.SENT,
        DeliveryState.RECEIVED,
        DeliveryState.SUPERSEDED,
        DeliveryState.REJECTED,
        DeliveryState.UNANSWERED,
    },
    DeliveryState.SENT: {
        DeliveryState.RECEIVED,
        DeliveryState.ACCEPTED,
        DeliveryState.REJECTED,
        DeliveryState.UNANSWERED,
        DeliveryState.SUPERSEDED,
    },
    DeliveryState.RECEIVED: {
        DeliveryState.ACCEPTED,
        DeliveryState.REJECTED,
        DeliveryState.UNANSWERED,
        DeliveryState.SUPERSEDED,
    },
    DeliveryState.UNANSWERED: {
        DeliveryState.SENT,
        DeliveryState.RECEIVED,
        DeliveryState.ACCEPTED,
        DeliveryState.REJECTED,
        DeliveryState.SUPERSEDED,
    },
    DeliveryState.ACCEPTED: {DeliveryState.SUPERSEDED},
    DeliveryState.REJECTED: {DeliveryState.SUPERSEDED},
    DeliveryState.SUPERSEDED: set(),
}


def move(current: DeliveryState, to: DeliveryState, what: str) -> DeliveryState:
    """The next state. Staying is allowed (proofs repeat). Raises Conflict for a step the life of a delivery does not have."""
    if to is not current and to not in _NEXT[current]:
        raise Conflict(f"Delivery {what} is {current.value} and cannot become {to.value}.")
    return to


def is_open(state: DeliveryState) -> bool:
    """Whether its acceptance is still owed."""
    return state in (DeliveryState.PREPARED, DeliveryState.SENT, DeliveryState.RECEIVED, DeliveryState.UNANSWERED)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A document for a partner. `key` is its natural key; `attempt` counts begun sends, each begun at most once."""

    id: int
    key: str
    kind: str
    order_id: int | None
    revision: int
    channel: str
    state: DeliveryState
    digest: Digest
    due_at: datetime
    prepared_at: datetime
    attempt: int = 0
    sent_at: datetime | None = None
    receipt: str = ""
    proof: str = ""
    proved_at: datetime | None = None
    risk: Money | None = None
    """What the answer is worth: it stands with the delivery until its content is proven."""
    unheld: tuple[int, ...] = ()
    """Lines that the last read-back showed otherwise than we answered, or not at all."""
