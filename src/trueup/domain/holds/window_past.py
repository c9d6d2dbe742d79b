"""Held: the last day of the order's ship or delivery window is over."""

from __future__ import annotations

from trueup.domain.cases import Resolution
from trueup.domain.hold import Held, Hold, LineFacts


def _look(facts: LineFacts) -> Held | None:
    last = facts.order.last_day
    if last is None or facts.now <= last:
        return None
    return Held(f"a window that ends after {facts.now:%Y-%m-%d %H:%M} UTC", f"one that ended {last:%Y-%m-%d %H:%M} UTC")


HOLD = Hold(
    "window-past", "Window is past", 30, (Resolution.ACCEPT_AS_ORDERED, Resolution.BACKORDER, Resolution.REJECT), _look
)
