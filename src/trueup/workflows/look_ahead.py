"""Look ahead: what lies of a product now, what is to leave and to come, and what would be left, at each place that counts it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from trueup.base.clock import read_instant
from trueup.domain.stock_ahead import Ahead, pair, project


def look_ahead(told: Mapping[str, Any], now: datetime) -> list[dict[str, Any]]:
    """Of a product as `explain_stock` tells it: a table a place, of the source that counts it. Goods that are rented one by one
    have a calendar of their own."""
    return [
        {
            "location": level["location"],
            "source": level["source"],
            "on_hand": level["on_hand"],
            "rows": project(level["on_hand"], expected, now),
            "pairs": pair(level["on_hand"], expected, now),
        }
        for level in told["levels"]
        if level["counted_by"] == told["counted_by"] and level["on_hand"] is not None
        for expected in [list(_expected(told, level, now))]
    ]


def _expected(told: Mapping[str, Any], level: Mapping[str, Any], now: datetime) -> Iterator[Ahead]:
    held = [each for each in told["held"] if each["location"] == level["location"]]
    for each in held:
        at = read_instant(each["ships_by"]) if each["ships_by"] else None
        yield Ahead(at, -each["eaches"], f"line {each['line']} of a purchase order leaves", each["order"])
    claimed = sum(each["claimed_eaches"] for each in held)
    if (level["committed"] or 0) > claimed:  # what purchase orders claimed is committed in the shop too
        yield Ahead(now, claimed - level["committed"], "sold in the shop, to be sent")
    if level["incoming"]:
        yield Ahead(None, level["incoming"], f"on the way here, says {level['source']}")
