"""The best that anybody could have sold who knew what had reached us and nothing else, and needed no time to publish it.

It offers at every moment all that is known to be free, so nobody who never offers more than that can sell more. What came from
elsewhere (goods, losses, wholesale) happens to it as it happened; what shoppers bought is played anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Replay:
    """Eaches wanted, sold, and lost: not sold although they lay there free."""

    wanted: int
    sold: int
    lost: int


def known_at(row: Row) -> datetime:
    """When a fact could be reckoned with: when it reached us, or when it should have at the latest."""
    due = instant(row["due_at"])
    return min(instant(row["reached_at"]), due) if row["reached_at"] else due


def instant(text: str) -> datetime:
    """An instant from ISO 8601."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def replay(products: Iterable[Row], facts: Iterable[Row], demands: Iterable[Row]) -> Replay:
    """Play the shoppers again, each product by itself."""
    of_sku: dict[str, tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    for fact in facts:
        of_sku[fact["sku"]][0].append(fact)
    for demand in demands:
        of_sku[demand["sku"]][1].append(demand)
    wanted = sold = lost = 0
    for product in products:
        mine, wishes = of_sku[product["sku"]]
        gone = 0
        for demand in sorted(wishes, key=lambda row: str(row["at"])):
            at, eaches = instant(demand["at"]), demand["wanted"]
            there = product["units"] - gone + sum(fact["eaches"] for fact in mine if instant(fact["at"]) <= at)
            offered = product["units"] - gone + sum(fact["eaches"] for fact in mine if known_at(fact) <= at)
            wanted += eaches
            if offered >= eaches:
                sold += eaches
                gone += eaches
            elif there >= eaches:
                lost += eaches
    return Replay(wanted, sold, lost)
