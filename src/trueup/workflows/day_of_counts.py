"""A day of counts: what one person declared alone counts together, so that many small counts are no way around the limit of one.

By the worth of each without its sign, whichever way it was said: by hand, by a file, by a program. What a second person approved
does not count, nor what the same person took back while it counted. A day is the 24 hours until now: midnight opens no door.

Whoever counts holds their own day first, then what waits for a second person, then the stock, and works out what the counts are
worth when all are held: so nobody waits for another in a circle, and of two at once the second is asked by what the first did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from trueup.base.clock import read_instant, write_instant
from trueup.base.money import Money
from trueup.storage import acts
from trueup.workflows.resolve_case import is_above
from trueup.workflows.take_in_counts import DECLARED, WORTH
from trueup.workflows.world import Tx

SPAN = timedelta(hours=24)
BACK = "takes_back"
"""Where the act of a count that takes another back says when that one was made: it gives back no longer than that one counts."""


def declared_alone(tx: Tx, name: str) -> dict[str, Money]:
    """What somebody declared alone within a day, by currency. Whoever else counts in that name waits until this is kept."""
    acts.hold_subject(tx.connection, f"counts by {name}")
    sums: dict[str, int] = {}
    for after in acts.list_outcomes(tx.connection, (name, DECLARED), tx.now - SPAN):
        if BACK in after and read_instant(after[BACK]) <= tx.now - SPAN:
            continue
        for currency, minor in (after.get(WORTH) or {}).items():
            sums[currency] = sums.get(currency, 0) + int(minor)
    return {currency: Money(minor, currency) for currency, minor in sums.items() if minor > 0}


def with_the_day(worth: Iterable[Money], alone: Mapping[str, Money]) -> list[Money]:
    """What counts come to with those of the day; what changes nothing of a currency adds nothing to it."""
    return [each + alone[each.currency] if each and each.currency in alone else each for each in worth]


def takes_two(worth: Iterable[Money], alone: Mapping[str, Money], limit: Money | None) -> bool:
    """Whether counts of this worth take a second person, after those of the day."""
    return any(each and is_above(each, limit) for each in with_the_day(worth, alone))


def worth_json(worth: Iterable[Money]) -> dict[str, int]:
    """What the act of a count keeps of its worth: minor units by currency."""
    return {each.currency: abs(each).minor for each in worth if each}


def kept_for_the_day(worth: Mapping[str, int], taken_back: datetime | None = None) -> dict[str, Any]:
    """What the act of a count keeps for the day: its worth, minor units by currency; and when what it takes back was made."""
    back = {BACK: write_instant(taken_back)} if taken_back is not None else {}
    return {WORTH: dict(worth), **back} if worth else {}


def given_back(tx: Tx, done: Mapping[str, Any], name: str) -> dict[str, int]:
    """What somebody gives back to their day by taking an act of a count back: exactly its worth, below zero, by currency.

    Empty where that is a change as any other: of another's count, of one that a second person approved, of one that counts no
    more, and of what gave something back itself.
    """
    worth: Mapping[str, int] = done["after"].get(WORTH) or {}
    counts = done["actor"] == name and "proposed_by" not in done["after"] and done["at"] > tx.now - SPAN
    if not counts or any(minor <= 0 for minor in worth.values()):
        return {}
    return {currency: -minor for currency, minor in worth.items()}
