"""A day of counts: what one person declared alone counts together, so that many small counts are no way around the limit of one.

By the worth of each without its sign, whichever way it was said: by hand, by a file, by a program. What a second person approved
does not count, nor what the same person took back. A day is the 24 hours until now: midnight opens no door.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from trueup.base.money import Money
from trueup.storage import acts
from trueup.workflows.resolve_case import is_above
from trueup.workflows.take_in_counts import DECLARED, WORTH
from trueup.workflows.world import Tx

SPAN = timedelta(hours=24)


def declared_alone(tx: Tx, name: str) -> dict[str, Money]:
    """What somebody declared alone within a day, by currency. Whoever else counts in that name waits until this is kept."""
    acts.hold_subject(tx.connection, f"counts by {name}")
    sums: dict[str, int] = {}
    for after in acts.list_outcomes(tx.connection, (name, DECLARED), tx.now - SPAN):
        for currency, minor in (after.get(WORTH) or {}).items():
            sums[currency] = sums.get(currency, 0) + int(minor)
    return {currency: Money(minor, currency) for currency, minor in sums.items() if minor > 0}


def with_the_day(worth: Iterable[Money], alone: Mapping[str, Money]) -> list[Money]:
    """What counts come to with those of the day; what changes nothing of a currency adds nothing to it."""
    return [each + alone[each.currency] if each and each.currency in alone else each for each in worth]


def takes_two(worth: Iterable[Money], alone: Mapping[str, Money], limit: Money | None) -> bool:
    """Whether counts of this worth take a second person, after those of the day."""
    return any(each and is_above(each, limit) for each in with_the_day(worth, alone))


def worth_json(worth: Iterable[Money], sign: int = 1) -> dict[str, int]:
    """What the act of a count keeps of its worth. `sign`: -1 for what its own maker takes back."""
    return {each.currency: sign * abs(each).minor for each in worth if each}
