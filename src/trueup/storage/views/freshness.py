"""How fresh a source is, in words and a colour: never asked is unknown, not good; what is tried again is not lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from trueup.base.clock import read_instant
from trueup.base.errors import Throttled

_STALE = timedelta(hours=26)
_LOST_AFTER = 5
_CLOCKS_DIFFER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Freshness:
    """One source: its state (a colour of the tokens) in a word, when it was good last, and what is wrong with it."""

    name: str
    query: str
    state: str
    word: str
    last: str | None
    trouble: str


def freshness_of(source: Mapping[str, Any], now: datetime) -> Freshness:
    """Of a row of `show_status`'s sources."""
    last, failures = source["last_success_at"], source["failures_in_a_row"]
    trouble = str(source["last_error"] or "") if failures else ""
    if failures and Throttled.mark in trouble:
        # Nothing is wrong: the system lets us ask again in a moment. Waiting for long is worth a look all the same.
        known = last is not None and now - read_instant(last) <= _STALE
        state, word = (
            ("held", "Waits for its rate budget") if known else ("warn", "Waits for its rate budget, and for long")
        )
    elif failures >= _LOST_AFTER:
        state, word = "bad", f"Failed {failures} times in a row, tried again"
    elif failures:
        state, word = "warn", "Failed, tried again"
    elif last is None:
        state, word = "idle", "Unknown, never read"
    elif read_instant(last) - now > _CLOCKS_DIFFER:
        state, word = "warn", "Read later than now: clocks differ"
    elif now - read_instant(last) > _STALE:
        state, word = "warn", "Silent for long"
    else:
        state, word = "ok", "Read"
    return Freshness(source["name"], source["query"], state, word, last, trouble)


def worst(found: list[Freshness]) -> str:
    """The state of all together: that of its worst part."""
    states = {each.state for each in found}
    return next((state for state in ("bad", "idle", "warn") if state in states), "ok" if found else "idle")
