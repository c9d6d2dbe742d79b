"""Search: the best choice of explanations where several lines and items hang together, by branch and bound with memory.

Lines are decided one after the other; what can still be reached depends on the lines left and on what is left of the items,
and is worked out once for each such state. A component that has too many states is refused, never guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TypeAlias

from trueup.base.errors import TrueupError
from trueup.domain.matcher import Candidate

MOST_STATES = 30_000
MOST_LINES = 150
"""Bounds of one component. Beyond them a person has to look."""

_State: TypeAlias = tuple[int, tuple[int, ...]]


class TooLarge(TrueupError):
    """A component cannot be solved within the bounds. Caught where contests are made; it never leaves the domain."""


@dataclass(slots=True)
class _Search:
    """A component laid out by depth: each candidate belongs to the first of its lines in the order of deciding.

    `bounds[d]`: what the lines from depth d on can bring at most, each a share of its best candidate. `wanted[d]`: the items
    that candidates from depth d on still touch; only they tell states apart.
    """

    choices: list[list[tuple[Candidate, int]]]
    capacity: dict[str, int]
    bounds: list[int]
    wanted: list[tuple[str, ...]]
    known: list[dict[_State, int]] = field(default_factory=list)
    states: int = 0
    banned: Candidate | None = None

    def best(self, depth: int, used: int) -> int:
        """The best total that lines from `depth` on can bring, with those of the mask `used` explained already."""
        while depth < len(self.choices) and used >> depth & 1:
            depth += 1
        if depth == len(self.choices):
            return 0
        state = (used >> depth, tuple(self.capacity[key] for key in self.wanted[depth]))
        if state in self.known[depth]:
            return self.known[depth][state]
        self.states += 1
        if self.states > MOST_STATES:
            raise TooLarge
        found = -1
        for each, mask in self.choices[depth]:
            if each is self.banned or used & mask or not self._fits(each):
                continue
            if each.score + self._bound(depth + 1, used | mask) > found:
                self._take(each, -1)
                found = max(found, each.score + self.best(depth + 1, used | mask))
                self._take(each, 1)
        if self._bound(depth + 1, used) > found:
            found = max(found, self.best(depth + 1, used))
        found = max(found, 0)
        self.known[depth][state] = found
        return found

    def chosen(self) -> list[Candidate]:
        """The choice that brings the best total: at each depth the first that keeps it."""
        found: list[Candidate] = []
        used = 0
        for depth, choices in enumerate(self.choices):
            if used >> depth & 1:
                continue
            total = self.best(depth, used)
            for each, mask in choices:
                if used & mask or not self._fits(each):
                    continue
                self._take(each, -1)
                if each.score + self.best(depth + 1, used | mask) == total:
                    found.append(each)
                    used |= mask
                    break
                self._take(each, 1)
        for each in found:
            self._take(each, 1)
        return found

    def best_without(self, candidate: Candidate) -> int:
        """The best total that does without a candidate; states behind the depth where it is decided are still true."""
        depth = next(
            number for number, choices in enumerate(self.choices) if any(each is candidate for each, _ in choices)
        )
        kept, self.known = self.known, [{} for _ in range(depth + 1)] + self.known[depth + 1 :]
        self.banned = candidate
        try:
            return self.best(0, 0)
        finally:
            self.known, self.banned = kept, None

    def _bound(self, depth: int, used: int) -> int:
        bound, taken = self.bounds[depth], used >> depth
        while taken:
            lowest = taken & -taken
            bound -= self.bounds[at := depth + lowest.bit_length() - 1] - self.bounds[at + 1]
            taken ^= lowest
        return bound

    def _fits(self, candidate: Candidate) -> bool:
        return all(abs(part.minor) <= self.capacity[part.key] for part in candidate.parts)

    def _take(self, candidate: Candidate, sign: int) -> None:
        for part in candidate.parts:
            self.capacity[part.key] += sign * abs(part.minor)


def sure_by_search(component: Sequence[Candidate], capacity: Mapping[str, int], margin: int) -> list[Candidate]:
    """The candidates of the best choice that every choice without them is behind by the margin. Raises TooLarge."""
    search = _lay_out(component, capacity)
    total = search.best(0, 0)
    return [each for each in search.chosen() if search.best_without(each) + margin <= total]


def _lay_out(component: Sequence[Candidate], capacity: Mapping[str, int]) -> _Search:
    often = Counter(number for each in component for number in each.lines)
    if len(often) > MOST_LINES:
        raise TooLarge
    order = {number: depth for depth, number in enumerate(sorted(often, key=lambda number: (often[number], number)))}
    choices: list[list[tuple[Candidate, int]]] = [[] for _ in order]
    shares = [0] * len(order)
    for each in component:
        depths = [order[number] for number in each.lines]
        choices[min(depths)].append((each, sum(1 << depth for depth in depths)))
        for depth in depths:
            shares[depth] = max(shares[depth], -(-each.score // len(depths)))
    for group in choices:
        group.sort(key=lambda choice: (-choice[0].score, choice[0].lines, choice[0].parts))
    touched: set[str] = set()
    wanted: list[tuple[str, ...]] = []
    for group in reversed(choices):
        touched |= {part.key for each, _ in group for part in each.parts}
        wanted.append(tuple(sorted(touched)))
    room = {key: capacity[key] for key in touched}
    bounds = [*accumulate(reversed(shares), initial=0)][::-1]
    return _Search(choices, room, bounds, wanted[::-1], [{} for _ in order])
