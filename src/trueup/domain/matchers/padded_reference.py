"""Matcher: the line's reference is the item's, padded, wrapped, without its zeros, cut, or with one slip of the keys.

What is not written the same counts only when the amount is all that is open, to the cent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from trueup.domain import evidence
from trueup.domain.evidence import Claimed, explain, is_part_of, whole
from trueup.domain.invoices import normal_reference
from trueup.domain.likeness import Likeness, LikeReferences
from trueup.domain.matcher import Candidate, Matcher, Part
from trueup.domain.open_items import ItemKind, Items, Lines, OpenItem, ResidueLine

_NAME = "padded-reference"


def _find(lines: Lines, items: Items) -> Iterator[Candidate]:
    alike: dict[int, LikeReferences] = {}
    asked = Counter(line.settled for line in lines)
    for line in lines:
        written = normal_reference(line.reference)
        same = [item for item in items.by_bare_reference.get(written.lstrip("0"), ()) if written.strip("0")]
        named = [item for item in same if is_part_of(line.settled, item)]
        yield from (_named(line, item, items) for item in named)
        # What names an open amount exactly needs no second look for slips.
        if len(written) < 4 or any(item.open == line.settled for item in named):
            continue
        if line.settled in items.by_amount:
            if line.settled not in alike:
                alike[line.settled] = LikeReferences(items.by_amount[line.settled], asked[line.settled])
            found = {item.key: how for item, how in alike[line.settled].like(written) if item not in same}
            yield from (_alike(line, items[key], how, items) for key, how in list(found.items())[: evidence.MOST_ALIKE])


def _named(line: ResidueLine, item: OpenItem, items: Items) -> Candidate:
    is_same = normal_reference(line.reference) == normal_reference(item.reference)
    points = evidence.SAME_REFERENCE if is_same else evidence.WITHOUT_ZEROS
    how = "" if is_same else ", but for leading zeros"
    if item.kind is ItemKind.CLAIM:
        points -= evidence.PARTLY  # a claim bears the number of its invoice, and that is named first
    if line.settled == item.open:
        return explain(
            line,
            [whole(item)],
            items,
            Claimed(_NAME, points, f"{line.reference!r} names {item.called}{how}, and settles it"),
        )
    why = f"{line.reference!r} names {item.called}{how}, and settles a part of it"
    return explain(line, [Part(item.key, line.settled)], items, Claimed(_NAME, points - evidence.PARTLY, why))


def _alike(line: ResidueLine, item: OpenItem, how: Likeness, items: Items) -> Candidate:
    match how:
        case Likeness.SAME_TO_THE_EYE:
            points = evidence.SAME_TO_THE_EYE
        case Likeness.SHORTENED:
            points = evidence.SHORTENED
        case Likeness.SWAPPED | Likeness.ONE_TOO_MANY:
            # One key beside the right one still is a number of somebody's: a second fact must agree.
            agrees = item.purchase_order.upper() in line.purchase_orders or (line.day and line.day == item.day)
            is_alone = len(items.by_amount[line.settled]) == 1
            points = evidence.SLIP if agrees and is_alone else evidence.SUGGESTION
        case Likeness.ONE_OTHER | Likeness.SUFFIXED:
            # Numbers in a row differ by one digit and often bill the same amount; a suffix is often a kind of its own.
            points = evidence.SUGGESTION
    why = f"{line.reference!r} {how.value} as {item.called}, and the amount is all that is open of it"
    return explain(line, [whole(item)], items, Claimed(_NAME, points, why))


MATCHER = Matcher(_NAME, 10, "a number written out is the strongest thing a line can say", _find)
