"""Held: the order is already closed at Amazon; answering it would promise goods nobody will take."""

from __future__ import annotations

from trueup.domain.cases import Resolution
from trueup.domain.hold import Held, Hold, LineFacts
from trueup.domain.orders import OrderState


def _look(facts: LineFacts) -> Held | None:
    if facts.order.state is not OrderState.CLOSED:
        return None
    return Held("an order that is new or acknowledged", "a closed order")


HOLD = Hold("order-closed", "Order closed", 20, (Resolution.RETRY, Resolution.DISMISS), _look)
