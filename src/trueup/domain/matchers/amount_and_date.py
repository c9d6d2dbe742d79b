"""Matcher: nothing but the amount, all that is open of an item, and the day.

It posts only where amounts like it are rare on those days, and where the line does not name itself as something else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trueup.domain import evidence
from trueup.domain.evidence import Claimed, explain, whole
from trueup.domain.matcher import Candidate, Matcher
from trueup.domain.open_items import Items, Lines, OpenItem, ResidueLine

_NAME = "amount-and-date"


def _find(lines: Lines, items: Items) -> Iterator[Candidate]:
    for line in lines:
        near = evidence.nearest(line, items, line.settled)
        if near:
            is_rare = _Rare.of(line, items)
            for item in near:
                points, why = _weigh(line, item, is_rare)
                yield explain(line, [whole(item)], items, Claimed(_NAME, points, why))


@dataclass(frozen=True, slots=True)
class _Rare:
    """Whether the amount of a line is rare among the items of its day, and of the days around it."""

    that_day: bool
    around: bool

    @classmethod
    def of(cls, line: ResidueLine, items: Items) -> _Rare:
        if line.day is None or evidence.names_itself(line):
            return cls(that_day=False, around=False)
        around = evidence.is_rare(line.settled, items, evidence.window(line.day))
        return cls(around or evidence.is_rare(line.settled, items, (line.day, line.day)), around)


def _weigh(line: ResidueLine, item: OpenItem, rare: _Rare) -> tuple[int, str]:
    same = f"its amount is all that is open of {item.called}"
    if line.day is None or item.day is None:
        return evidence.SUGGESTION, f"{same}, but no invoice date says that it is this one"
    first, last = evidence.window(line.day)
    if not first <= item.day <= last:
        return evidence.SUGGESTION, f"{same}, but that is of {item.day.isoformat()}, the line of {line.day.isoformat()}"
    if evidence.names_itself(line):
        return evidence.SUGGESTION, f"{same}, but it calls itself {line.reference!r}"
    if item.day == line.day and rare.that_day:
        return evidence.SAME_DAY, f"{same}, and amounts like it are rare on that day"
    if rare.around:
        return evidence.NEAR_DAY, f"{same}, and amounts like it are rare in the days around {line.day.isoformat()}"
    return evidence.SUGGESTION, f"{same}, but amounts like it are common in those days"


MATCHER = Matcher(_NAME, 100, "an amount alone misleads more often than anything else", _find)
