"""Reconciliation: which lines settle which open items, decided over all of them at once.

Not first come: matchers propose, the best overall choice is found exactly, and what posts by itself is only what every other
choice is clearly behind. All else becomes a contest, with the rival explanations side by side, or stays as residue.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trueup.base.errors import Invalid
from trueup.domain.evidence import MARGIN
from trueup.domain.matcher import Candidate, Matcher, Part, Placed, fault, placed
from trueup.domain.open_items import ItemKind, Items, Lines, OpenItem, ResidueLine
from trueup.domain.packing import Packing, pack

__all__ = [
    "MARGIN",
    "Candidate",
    "Contest",
    "ItemKind",
    "Items",
    "Lines",
    "Matcher",
    "OpenItem",
    "Part",
    "Placed",
    "Reconciliation",
    "ResidueLine",
    "placed",
    "reconcile",
]

RIVALS_A_LINE = 4
"""How many explanations of a line a contest shows: what a person compares at a glance."""


@dataclass(frozen=True, slots=True)
class Contest:
    """Lines that nobody but a person can place: several explanations come too close, or the only one is too weak.

    `rivals`: the best few explanations of each line, the strongest first. `hidden`: how many more there are. `why`: in words.
    """

    lines: tuple[int, ...]
    rivals: tuple[Candidate, ...]
    hidden: int
    why: str


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Each line is in exactly one match, one contest, or the residue, for which nothing was found."""

    matches: tuple[Candidate, ...]
    contests: tuple[Contest, ...]
    residue: tuple[int, ...]


def reconcile(
    lines: Iterable[ResidueLine], items: Iterable[OpenItem], matchers: Iterable[Matcher], *, margin: int = MARGIN
) -> Reconciliation:
    """Match what can be matched for sure. The answer depends on the values given, not on their order.

    A match is an explanation that the best overall choice has and that every choice without it is behind by `margin` points.
    Pass `Items` instead of plain items to use its index again for other payments. Raises Invalid when a line number or an item
    key stands there twice, when `margin` is below 1, and when a matcher proposes what cannot be: that is its defect.
    """
    if margin < 1:
        raise Invalid(f"Reconciliation: a margin of {margin} would let equal explanations post; expected at least 1.")
    every, known = Lines(lines), items if isinstance(items, Items) else Items(items)
    candidates = propose(every, known, matchers)
    keys = {part.key for each in candidates for part in each.parts}
    packing = pack(candidates, {key: abs(known[key].open) for key in keys}, margin)
    contests = tuple(
        _contest(tangle, number in packing.too_large, margin) for number, tangle in enumerate(packing.tangles)
    )
    return Reconciliation(packing.sure, contests, _left(every, packing))


def propose(lines: Lines, items: Items, matchers: Iterable[Matcher]) -> tuple[Candidate, ...]:
    """All explanations that any matcher sees, each once: of those that say the same the strongest, then the first by order."""
    ordered = sorted(matchers, key=lambda matcher: (matcher.order, matcher.name))
    best: dict[object, Candidate] = {}
    for payee, own in lines.by_payee.items():
        theirs = items.of_payee(payee)
        for matcher in ordered:
            for candidate in matcher.find(own, theirs):
                wrong = fault(candidate, own, theirs)
                if wrong or candidate.score < 1:
                    raise Invalid(
                        f"Matcher {matcher.name} on lines {list(candidate.lines)}: {wrong or 'scores nothing'}; correct it."
                    )
                before = best.get(candidate.explains)
                if before is None or candidate.score > before.score:
                    best[candidate.explains] = candidate
    return tuple(best.values())


def _left(lines: Lines, packing: Packing) -> tuple[int, ...]:
    placed_lines = {number for each in packing.sure for number in each.lines}
    placed_lines |= {number for tangle in packing.tangles for each in tangle for number in each.lines}
    return tuple(line.number for line in lines if line.number not in placed_lines)


def _contest(tangle: Sequence[Candidate], is_too_large: bool, margin: int) -> Contest:
    numbers = tuple(sorted({number for each in tangle for number in each.lines}))
    shown: set[int] = set()
    ranked = sorted(enumerate(tangle), key=lambda pair: (-pair[1].score, pair[1].lines, pair[1].parts))
    seen = dict.fromkeys(numbers, 0)
    for position, each in ranked:
        if min(seen[number] for number in each.lines) < RIVALS_A_LINE:
            shown.add(position)
            for number in each.lines:
                seen[number] += 1
    rivals = tuple(each for position, each in ranked if position in shown)
    return Contest(numbers, rivals, len(tangle) - len(rivals), _reason(tangle, numbers, is_too_large, margin))


def _reason(tangle: Sequence[Candidate], numbers: tuple[int, ...], is_too_large: bool, margin: int) -> str:
    # Numbers are those of one reconciliation: the case has the line by its own.
    who = "this line" if len(numbers) == 1 else f"{len(numbers)} lines"
    if is_too_large:
        return (
            f"{len(tangle)} explanations of {who} hang together, too many to be sure that one is best; choose by hand"
        )
    best = max(each.score for each in tangle)
    if len(tangle) == 1:
        return f"the only explanation of {who} is a suggestion of {best} points; {margin} are needed to post it unseen"
    if best < margin:
        return (
            f"{len(tangle)} explanations of {who}, and none has the {margin} points that are needed to post it unseen"
        )
    return f"{len(tangle)} explanations of {who} are less than {margin} points apart"
