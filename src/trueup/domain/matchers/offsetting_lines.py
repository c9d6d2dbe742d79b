"""Matcher: two lines of one reference and opposite amounts cancel each other: made and taken back in the same payment."""

from __future__ import annotations

from collections.abc import Iterator

from trueup.domain import evidence
from trueup.domain.matcher import Candidate, Matcher
from trueup.domain.open_items import Items, Lines, ResidueLine

_NAME = "offsetting-lines"


def _find(lines: Lines, items: Items) -> Iterator[Candidate]:
    for _, group in sorted(lines.by_reference.items()):
        plus = [line for line in group if line.settled > 0]
        minus = [line for line in group if line.settled < 0]
        for one in plus[: evidence.MOST_ALIKE]:
            yield from (_pair(one, other) for other in minus[: evidence.MOST_ALIKE] if other.settled == -one.settled)


def _pair(one: ResidueLine, other: ResidueLine) -> Candidate:
    why = f"both lines are {one.reference!r}, and the one takes back the other."
    return Candidate((one.number, other.number), (), _NAME, 2 * evidence.CANCELLED, why)


MATCHER = Matcher(_NAME, 110, "they say nothing of any item, so whatever names one speaks first", _find)
