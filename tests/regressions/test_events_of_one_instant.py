"""Of one instant the story of an order showed what happened first on top, though it reads from the newest down."""

from __future__ import annotations

from trueup.console.order_story import timeline_of


def test_events_of_one_instant_are_told_newest_first() -> None:
    """They come in the order in which they happened; the last of an instant stands above the others."""
    at, later = "2026-11-23T09:15:00Z", "2026-11-23T09:20:00Z"
    names = [("order.received", at), ("line.decided", at), ("acknowledgement.sent", at), ("delivery.accepted", later)]
    events = [
        {"at": when, "who": "trueup", "what": what, "about": "", "details": {}, "evidence": "e" * 64}
        for what, when in names
    ]
    told = [event.what for event in timeline_of(events)]
    assert told == ["Delivery accepted", "Answer sent", "Line decided", "Order received"]
