"""Assignment: one line to one item, best overall, and by how much each pair is ahead of the best assignment without it.

Shortest augmenting paths, one line after the other, keep the assignment the best of the lines so far; the shortest cycle
through a pair then is what it would cost to do without it. Exact, and all in integers.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

_NOWHERE = -1
"""The place of lines that stay unmatched: it takes any number of them."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A line at an item in the best assignment; `lead`: points that the best assignment without this pair has less."""

    line: int
    item: int
    lead: int


@dataclass(slots=True)
class _Seats:
    """Who sits where. `options[line][item]` are points above zero."""

    options: Mapping[int, Mapping[int, int]]
    at: dict[int, int] = field(default_factory=dict)
    by: dict[int, int] = field(default_factory=dict)

    def moves(self, item: int) -> list[tuple[int, int]]:
        """Where the line at this item could go instead, with the points lost: other items, or nowhere."""
        line = self.by.get(item)
        if line is None:
            return [(_NOWHERE, 0)]
        points = self.options[line]
        here = points[item]
        return [(_NOWHERE, here), *((other, here - points[other]) for other in points if other != item)]


def assign(options: Mapping[int, Mapping[int, int]]) -> tuple[Pair, ...]:
    """The best assignment of lines to items by total points, sorted by line; of several equal ones, always the same.

    A line without a pair is better left alone. `options[line][item]`: points, all above zero.
    """
    seats = _Seats({line: dict(sorted(points.items())) for line, points in sorted(options.items())})
    for line in seats.options:
        _seat(seats, line)
    waiting: defaultdict[int, int] = defaultdict(int)
    for line, points in seats.options.items():
        if line not in seats.at:
            for item, each in points.items():
                waiting[item] = max(waiting[item], each)
    every = sorted({item for points in seats.options.values() for item in points})
    # Into an item comes the best of those that wait, or nobody: an item may also be left empty.
    arrivals = [(item, -waiting.get(item, 0)) for item in every]
    return tuple(Pair(line, item, _lead(seats, line, item, arrivals)) for line, item in sorted(seats.at.items()))


def _seat(seats: _Seats, line: int) -> None:
    """Add one line: along the chain of moves that loses the least, which may end with it or another line nowhere."""
    start = [(item, -points) for item, points in seats.options[line].items()]
    lost, before = _shortest(seats, [(_NOWHERE, 0), *start], [], _NOWHERE)
    ends = [item for item in lost if item != _NOWHERE and item not in seats.by]
    end = min([*ends, _NOWHERE], key=lambda item: (lost[item], item == _NOWHERE, item))
    chain = [end]
    while chain[-1] in before:
        chain.append(before[chain[-1]])
    # The chain runs from the free place back to the item that the new line takes.
    for place, source in pairwise(chain):
        _move(seats, seats.by[source], place)
    if chain[-1] != _NOWHERE:
        _move(seats, line, chain[-1])


def _move(seats: _Seats, line: int, place: int) -> None:
    old = seats.at.pop(line, None)
    if old is not None and seats.by.get(old) == line:
        del seats.by[old]
    if place != _NOWHERE:
        seats.at[line], seats.by[place] = place, line


def _lead(seats: _Seats, line: int, item: int, arrivals: list[tuple[int, int]]) -> int:
    """The cheapest way in which the line leaves the item: it goes elsewhere, others follow, until the item is taken or empty."""
    lost, _ = _shortest(seats, seats.moves(item), arrivals, item)
    return lost[item]


def _shortest(
    seats: _Seats, start: list[tuple[int, int]], arrivals: list[tuple[int, int]], goal: int
) -> tuple[dict[int, int], dict[int, int]]:
    """Least points lost to free each place, and the place each was reached from. No cycle gains, or the seats were not best."""
    lost: dict[int, int] = {}
    before: dict[int, int] = {}
    waiting: deque[int] = deque()
    queued: set[int] = set()

    def reach(place: int, points: int, source: int | None) -> None:
        if place in lost and lost[place] <= points:
            return
        lost[place] = points
        if source is None:
            before.pop(place, None)
        else:
            before[place] = source
        if place != goal and place not in queued:
            queued.add(place)
            waiting.append(place)

    for place, points in start:
        reach(place, points, None)
    while waiting:
        place = waiting.popleft()
        queued.discard(place)
        for other, points in arrivals if place == _NOWHERE else seats.moves(place):
            reach(other, lost[place] + points, place)
    return lost, before
