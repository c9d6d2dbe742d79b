"""Evidence: what speaks for a line being about an item, in points, so that matchers can be compared with each other.

`MARGIN` points are what an explanation must be ahead of all others to post by itself. What scores less than that alone is only
a suggestion for a person. The points are ours, ordered by how often each kind of evidence misleads: a number that is written
out rarely does; an amount does whenever others like it are open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from math import gcd

from trueup.domain.matcher import Candidate, Part
from trueup.domain.open_items import ItemKind, Items, OpenItem, ResidueLine

MARGIN = 100
SAME_REFERENCE = 700
NETTED_AS_SAID = 700
NETTED_ON_ORDER = 620
WITHOUT_ZEROS = 600
IN_DESCRIPTION = 550
SAME_TO_THE_EYE = 500
NETTED_BY_AMOUNT = 500
"""As much as an invoice that is named and paid in part: which of the two it is, a person says."""
CANCELLED = 450
SHORTENED = 450
PURCHASE_ORDER = 350
SUM_OF_ORDER = 300
SLIP = 250
SUM = 200
SAME_DAY = 120
NEAR_DAY = 120
SUGGESTION = 60
"""Below the margin: shown, never posted by itself."""

SHARED_ORDER = 120
SHARED_DAY = 120
UNBILLED = 150
"""What an order loses against an invoice: where both are known the invoice is what is paid."""
OTHER_ORDER = 150
"""What is lost when line and item name different orders: one of their two names is then written wrongly."""
PARTLY = 200
"""What is lost when an item is settled in part only: Amazon pays invoices whole (claims are sliced), so a part needs its name."""
WINDOW_DAYS = 7
ONE_IN = 500
"""An amount is evidence by itself when a wrong one would meet it less than once in so many times."""
MOST_ALIKE = 12
"""Of items that look the same to a matcher so many are proposed, the nearest by day: enough to see that it cannot be told."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a matcher says of a line and its items: who says it, the points, and the sentence without its full stop."""

    matcher: str
    points: int
    why: str


def explain(line: ResidueLine, parts: Iterable[Part], items: Items, claimed: Claimed) -> Candidate:
    """The candidate of one line, with the points for orders and days that agree as well."""
    found = tuple(parts)
    about = [items[part.key] for part in found]
    points, words = claimed.points, [claimed.why]
    is_suggestion = points < MARGIN
    # A credit note or a balance that is netted has an order and a day of its own, and says nothing of the invoice.
    paid = [item for item in about if (item.open > 0) == (line.settled > 0)]
    orders = {item.purchase_order.upper() for item in paid if item.purchase_order}
    if orders and orders <= set(line.purchase_orders):
        points += SHARED_ORDER
        words.append(f"both name order {' and '.join(sorted(orders))}")
    elif orders and line.purchase_orders:
        points -= OTHER_ORDER
        words.append(f"but the line names order {' and '.join(line.purchase_orders)}")
    if line.day and paid and all(item.day == line.day for item in paid):
        points += SHARED_DAY
        words.append(f"both are of {line.day.isoformat()}")
    if any(item.kind is ItemKind.ORDER for item in about):
        points -= UNBILLED
        words.append("the order has no invoice yet")
    # What two weak facts have in common may be chance as well: a suggestion stays one.
    points = max(1, min(points, MARGIN - 1) if is_suggestion else points)
    return Candidate((line.number,), found, claimed.matcher, points, f"{'; '.join(words)}.")


def whole(item: OpenItem) -> Part:
    """All that is open of it."""
    return Part(item.key, item.open)


def is_part_of(minor: int, item: OpenItem) -> bool:
    """Whether so much could be settled of it: the same sign, and not more than is open."""
    return minor != 0 and (minor > 0) == (item.open > 0) and abs(minor) <= abs(item.open)


def nearest(line: ResidueLine, items: Items, amount: int) -> tuple[OpenItem, ...]:
    """At most `MOST_ALIKE` items with this open amount, those nearest to the line's day, or else to the payment's."""
    return items.nearest(amount, line.day or line.paid_on, MOST_ALIKE)


def is_rare(minor: int, items: Items, days: tuple[date, date] | None) -> bool:
    """Whether an amount says who it is: would a wrong one meet an item of those days less than once in `ONE_IN` times?

    Items within a tenth of the amount show how dense amounts are around it. Where all of them are multiples of something
    (whole euros, a price) only such multiples count; alone, an amount of whole hundreds is taken for a round one. Without days
    nothing says how many others there are.
    """
    if days is None:
        return False
    reach = abs(minor) // 10
    near = items.amounts_between(minor - reach, minor + reach, days)
    others = len(near) - (minor in near)
    if near.count(minor) > 1 or others * ONE_IN > 2 * reach:
        return False
    step = gcd(minor, *near) if others else gcd(minor, 100)
    return (others + 1) * step * ONE_IN <= 2 * reach + step


def window(day: date) -> tuple[date, date]:
    """The days around a day within which an invoice's own date may differ from what the payment says."""
    return day - timedelta(days=WINDOW_DAYS), day + timedelta(days=WINDOW_DAYS)


def days_of(line: ResidueLine) -> tuple[date, date] | None:
    """The window around the line's own day, None where it has none."""
    return window(line.day) if line.day else None


def names_itself(line: ResidueLine) -> bool:
    """Whether its reference is a name at all. What names itself otherwise than an item contradicts an amount that agrees."""
    return any(each.isdigit() for each in line.reference)
