"""Matchers: ways by which lines find what they are about. A matcher is one small file in `matchers/` and only proposes.

What it proposes are candidates: explanations, exact to the cent, each with a score and a reason in words. Which of them hold
together is decided over all lines at once, in `domain.reconciliation`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from trueup.base.errors import Invalid
from trueup.domain.open_items import Items, Lines


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """So much of an open item is settled: minor units, with the sign of what is open."""

    key: str
    minor: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """An explanation of one or more lines by one or more items: the parts come to exactly what the lines settle.

    `lines`, `parts`: sorted, each once. No parts: the lines cancel each other. `score`: how much speaks for it, for all of its
    lines together, in the points of `domain.evidence`. `why`: a sentence for people.
    """

    lines: tuple[int, ...]
    parts: tuple[Part, ...]
    matcher: str
    score: int
    why: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "lines", tuple(sorted(self.lines)))
        object.__setattr__(self, "parts", tuple(sorted(self.parts)))

    @property
    def explains(self) -> tuple[tuple[int, ...], tuple[Part, ...]]:
        """What it says, without who says it: two matchers may say the same."""
        return self.lines, self.parts


@dataclass(frozen=True, slots=True)
class Matcher:
    """A way to propose. `order` is an explicit number with its `reason`: of two that say the same with one score, the lower speaks.

    `find` sees the lines and items of one payee. It must depend on their values alone, never on the order they came in.
    """

    name: str
    order: int
    reason: str
    find: Callable[[Lines, Items], Iterable[Candidate]]


@dataclass(frozen=True, slots=True)
class Placed:
    """Cents of one line that settle one item; `key` is "" where lines cancel each other."""

    line: int
    key: str
    minor: int


def fault(candidate: Candidate, lines: Lines, items: Items) -> str:
    """Why a candidate can be no explanation at all, or "". Whether it fits beside others is for the assignment."""
    keys = {part.key for part in candidate.parts}
    if not candidate.lines or len(set(candidate.lines)) != len(candidate.lines) or len(keys) != len(candidate.parts):
        return "names no line, or a line or an item twice"
    if any(number not in lines for number in candidate.lines) or any(key not in items for key in keys):
        return "names a line or an item that it was not shown"
    settled = sum(lines[number].settled for number in candidate.lines)
    if settled != sum(part.minor for part in candidate.parts):
        return f"explains {sum(part.minor for part in candidate.parts)} of {settled} minor units"
    for part in candidate.parts:
        open_ = items[part.key].open
        if not part.minor or (part.minor > 0) != (open_ > 0) or abs(part.minor) > abs(open_):
            return f"settles {part.minor} of {part.key}, of which {open_} is open"
    signs = {part.minor > 0 for part in candidate.parts} | {lines[number].settled > 0 for number in candidate.lines}
    if len(candidate.lines) > 1 and len(candidate.parts) > 1 and len(signs) > 1:
        return "sets several lines of both signs against several items, so no line could be placed"
    return ""


def placed(candidate: Candidate, lines: Sequence[tuple[int, int]]) -> tuple[Placed, ...]:
    """Where the cents of each line go; `lines` are numbers and what they settle.

    Several lines against several items (all of one sign) fill the items in the order of their keys.
    Raises Invalid when these are not the candidate's lines.
    """
    settled = {number: minor for number, minor in lines if number in candidate.lines}
    if len(settled) != len(candidate.lines) or sum(settled.values()) != sum(part.minor for part in candidate.parts):
        raise Invalid(f"Match of lines {list(candidate.lines)}: its parts are not the sum of the lines given.")
    if not candidate.parts:
        return tuple(Placed(number, "", settled[number]) for number in candidate.lines)
    if len(candidate.lines) == 1:
        return tuple(Placed(candidate.lines[0], part.key, part.minor) for part in candidate.parts)
    if len(candidate.parts) == 1:
        return tuple(Placed(number, candidate.parts[0].key, settled[number]) for number in candidate.lines)
    found: list[Placed] = []
    left = {part.key: part.minor for part in candidate.parts}
    for number in candidate.lines:
        rest = settled[number]
        for key, minor in left.items():
            share = rest if abs(rest) < abs(minor) else minor
            if share:
                found.append(Placed(number, key, share))
            left[key] -= share
            rest -= share
    return tuple(found)
