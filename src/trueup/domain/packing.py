"""Packing: which explanations hold together best, and which of them are sure.

No line is explained twice and no item is settled beyond what is open; under that the total score is as high as it can be. An
explanation is *sure* when every other choice that does without it scores less by at least the margin. What is obvious is taken
first, by a bound that is proven; what is left falls apart into components that are solved exactly, or not at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from trueup.domain.assignment import assign
from trueup.domain.matcher import Candidate
from trueup.domain.search import TooLarge, sure_by_search

MOST_PAIR_WORK = 1_000_000
"""Lines times candidates of a one-to-one component that is still assigned: 220 lines with 20 candidates each."""


@dataclass(frozen=True, slots=True)
class Packing:
    """The answer: explanations that are sure, and components in which none is; `too_large`: their numbers that were not solved.

    Candidates that fit beside no sure one are gone.
    """

    sure: tuple[Candidate, ...]
    tangles: tuple[tuple[Candidate, ...], ...]
    too_large: frozenset[int]


def pack(candidates: Iterable[Candidate], open_: Mapping[str, int], margin: int) -> Packing:
    """Decide over all candidates at once. `open_`: what is open of each item, without sign; `margin`: at least 1.

    Each explanation stands there once. The answer depends on the values alone, not on their order.
    """
    ordered = sorted(candidates, key=_rank)
    sure, rest, capacity = _take_obvious(ordered, dict(open_), margin)
    unsolved: set[int] = set()
    for component in components(rest):
        try:
            found = _solve(component, capacity, margin)
        except TooLarge:
            unsolved.update(number for each in component for number in each.lines)
            continue
        sure += found
    return _packing(sure, rest, open_, unsolved)


def _packing(sure: list[Candidate], rest: Sequence[Candidate], open_: Mapping[str, int], unsolved: set[int]) -> Packing:
    capacity = dict(open_)
    explained = {number for each in sure for number in each.lines}
    for each in sure:
        for part in each.parts:
            capacity[part.key] -= abs(part.minor)
    left = [each for each in rest if not explained & set(each.lines) and fits(each, capacity)]
    tangles = tuple(tuple(each) for each in components(left))
    too_large = frozenset(
        number for number, tangle in enumerate(tangles) if any(unsolved & set(each.lines) for each in tangle)
    )
    return Packing(tuple(sorted(sure, key=lambda each: each.lines)), tangles, too_large)


def _rank(candidate: Candidate) -> tuple[int, tuple[int, ...], tuple[tuple[str, int], ...]]:
    return -candidate.score, candidate.lines, tuple((part.key, part.minor) for part in candidate.parts)


def fits(candidate: Candidate, capacity: Mapping[str, int]) -> bool:
    """Whether so much of each of its items is still open."""
    return all(abs(part.minor) <= capacity[part.key] for part in candidate.parts)


def components(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    """Candidates that share a line or an item, over however many others, belong together. Sorted by their first line."""
    parent: dict[object, object] = {}

    def root(name: object) -> object:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for each in candidates:
        first = root(each.lines[0])
        for name in (*each.lines[1:], *(part.key for part in each.parts)):
            parent[root(name)] = first = root(first)
    groups: defaultdict[object, list[Candidate]] = defaultdict(list)
    for each in candidates:
        groups[root(each.lines[0])].append(each)
    return sorted(groups.values(), key=lambda group: min(each.lines[0] for each in group))


def _take_obvious(
    ordered: list[Candidate], capacity: dict[str, int], margin: int
) -> tuple[list[Candidate], list[Candidate], dict[str, int]]:
    """Take every candidate that is worth the margin more than all that it could displace; again, until none is.

    Proof: to any choice without it, add it and take out what it displaces. That gains at least the margin, so the best choice
    without it is behind by as much; and it is in the best choice with or without any other, so taking it changes no other lead.
    """
    alive, sure = ordered, []
    while True:
        taken, alive = _round(alive, capacity, margin)
        sure += taken
        if not taken:
            return sure, alive, capacity


@dataclass(slots=True)
class _Seat:
    """An item and all candidates that want of it, the best first; `wanted`: what all want together, `least`: what any wants."""

    rivals: list[Candidate]
    wanted: int = 0
    least: int = 0

    def displaced(self, candidate: Candidate, capacity: int) -> int:
        """At most so many points are lost here to make room: as many rivals as could fit at all, one a line, the best of them.

        Those that share a line with the candidate are counted there. Adding stops once it is more than the candidate is worth.
        """
        if self.wanted <= capacity:
            return 0
        could_fit = capacity // self.least
        lost, seen = 0, set(candidate.lines)
        for rival in self.rivals:
            if could_fit == 0 or lost > candidate.score:
                break
            if seen.isdisjoint(rival.lines):
                seen.add(rival.lines[0])
                lost += rival.score
                could_fit -= 1
        return lost


def _round(alive: list[Candidate], capacity: dict[str, int], margin: int) -> tuple[list[Candidate], list[Candidate]]:
    by_line: defaultdict[int, list[Candidate]] = defaultdict(list)
    seats: defaultdict[str, _Seat] = defaultdict(lambda: _Seat([]))
    for each in alive:  # sorted by score, so each list begins with its best
        for number in each.lines:
            by_line[number].append(each)
        for part in each.parts:
            seat, minor = seats[part.key], abs(part.minor)
            seat.rivals.append(each)
            seat.wanted += minor
            seat.least = min(seat.least or minor, minor)
    taken: list[Candidate] = []
    used: set[int] = set()
    touched: set[str] = set()
    for each in alive:
        if used.intersection(each.lines) or touched.intersection(part.key for part in each.parts):
            continue  # what stands beside a taken one is looked at in the next round, with what is left then
        lost = sum(next((rival.score for rival in by_line[at] if rival is not each), 0) for at in each.lines)
        lost += sum(seats[part.key].displaced(each, capacity[part.key]) for part in each.parts)
        if lost + margin <= each.score:
            taken.append(each)
            used.update(each.lines)
            touched.update(part.key for part in each.parts)
    for each in taken:
        for part in each.parts:
            capacity[part.key] -= abs(part.minor)
    return taken, [each for each in alive if not used.intersection(each.lines) and fits(each, capacity)]


def _solve(component: list[Candidate], capacity: Mapping[str, int], margin: int) -> list[Candidate]:
    """The sure ones of a component. Raises TooLarge when that cannot be told within the bound."""
    if not _is_one_to_one(component, capacity):
        return sure_by_search(component, capacity, margin)
    lines = {each.lines[0] for each in component}
    if len(lines) * len(component) > MOST_PAIR_WORK:
        raise TooLarge
    keys = {key: number for number, key in enumerate(sorted({each.parts[0].key for each in component}))}
    pairs = {(each.lines[0], keys[each.parts[0].key]): each for each in component}
    options: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for (line, item), each in pairs.items():
        options[line][item] = each.score
    return [pairs[pair.line, pair.item] for pair in assign(options) if pair.lead >= margin]


def _is_one_to_one(component: list[Candidate], capacity: Mapping[str, int]) -> bool:
    """One line, one item, and no item has room for two."""
    smallest: dict[str, list[int]] = defaultdict(list)
    seen: set[tuple[int, str]] = set()
    for each in component:
        if len(each.lines) != 1 or len(each.parts) != 1 or (each.lines[0], each.parts[0].key) in seen:
            return False
        seen.add((each.lines[0], each.parts[0].key))
        smallest[each.parts[0].key].append(abs(each.parts[0].minor))
    return all(sum(sorted(minors)[:2]) > capacity[key] or len(minors) == 1 for key, minors in smallest.items())
