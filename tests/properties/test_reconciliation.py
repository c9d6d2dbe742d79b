"""Reconciliation: the best choice, the same in any order, with every cent in one place; beside a search through all choices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueup.base.plugins import collect
from trueup.domain import matchers as folder
from trueup.domain.assignment import assign
from trueup.domain.matcher import Candidate, Matcher, Part, placed
from trueup.domain.open_items import ItemKind, Items, Lines, OpenItem, ResidueLine
from trueup.domain.reconciliation import MARGIN, Reconciliation, reconcile
from trueup.domain.subset_sums import subset_sums

MATCHERS: tuple[Matcher, ...] = ()
DAY = date(2026, 10, 3)


def proposing(candidates: Iterable[Candidate]) -> Matcher:
    """A matcher that says what it was told to say."""
    told = tuple(candidates)

    def find(lines: Lines, items: Items) -> Iterable[Candidate]:
        return told

    return Matcher("told", 1, "says what a test tells it", find)


def best_total(candidates: tuple[Candidate, ...], open_: dict[str, int]) -> int:
    """The highest score of any choice, by trying every one: no bound, no memory, no order."""
    if not candidates:
        return 0
    first, rest = candidates[0], candidates[1:]
    found = best_total(rest, open_)
    if all(abs(part.minor) <= open_[part.key] for part in first.parts):
        left = dict(open_)
        for part in first.parts:
            left[part.key] -= abs(part.minor)
        free = tuple(each for each in rest if not set(each.lines) & set(first.lines))
        found = max(found, first.score + best_total(free, left))
    return found


@st.composite
def puzzles(draw: st.DrawFn, one_to_one: bool) -> tuple[list[ResidueLine], list[OpenItem], list[Candidate], int]:
    """Few lines and items with amounts that often agree, and candidates among them."""
    amounts = st.integers(1, 1) if one_to_one else st.integers(1, 4)
    lines = [ResidueLine(number, f"L{number}", draw(amounts)) for number in range(1, draw(st.integers(1, 6)) + 1)]
    items = [
        OpenItem(f"K{number}", ItemKind.INVOICE, f"I{number}", draw(amounts)) for number in range(draw(st.integers(1, 6)))
    ]
    possible: list[tuple[tuple[int, ...], tuple[Part, ...]]] = []
    for line in lines:
        possible += [((line.number,), (Part(each.key, line.settled),)) for each in items if each.open >= line.settled]
        possible += [
            ((line.number,), (Part(one.key, one.open), Part(two.key, line.settled - one.open)))
            for one in items
            for two in items
            if one.key < two.key and 0 < line.settled - one.open <= two.open
        ]
        possible += [
            ((line.number, other.number), (Part(each.key, line.settled + other.settled),))
            for other in lines
            if other.number > line.number
            for each in items
            if each.open >= line.settled + other.settled
        ]
    chosen = draw(st.lists(st.sampled_from(possible), max_size=12, unique=True)) if possible else []
    scores = st.sampled_from([1, 2, 3, 5, 10, 20])
    candidates = [Candidate(who, parts, "told", draw(scores), "told") for who, parts in chosen]
    return lines, items, candidates, draw(st.sampled_from([1, 2, 5]))


@given(st.booleans().flatmap(lambda one_to_one: puzzles(one_to_one=one_to_one)))
@settings(max_examples=400, deadline=None)
def test_a_match_is_what_every_other_choice_is_behind(
    puzzle: tuple[list[ResidueLine], list[OpenItem], list[Candidate], int],
) -> None:
    """Exactly those explanations post without which the best of all choices is worse by the margin."""
    lines, items, candidates, margin = puzzle
    open_ = {item.key: item.open for item in items}
    best = best_total(tuple(candidates), open_)
    sure = {
        each.explains
        for each in candidates
        if best_total(tuple(other for other in candidates if other is not each), open_) + margin <= best
    }
    found = reconcile(lines, items, [proposing(candidates)], margin=margin)
    assert {each.explains for each in found.matches} == sure


@given(
    st.dictionaries(
        st.integers(0, 5), st.dictionaries(st.integers(0, 5), st.integers(1, 9), min_size=1, max_size=6), max_size=6
    )
)
@settings(max_examples=300, deadline=None)
def test_an_assignment_is_the_best_and_knows_its_lead(options: dict[int, dict[int, int]]) -> None:
    """The pairs come to the best total of all assignments, and without a pair the best total falls by just its lead."""

    def total(without: tuple[int, int] | None) -> int:
        told = tuple(
            Candidate((line,), (Part(str(item), 1),), "", points, "")
            for line, row in options.items()
            for item, points in row.items()
            if (line, item) != without
        )
        return best_total(told, {str(item): 1 for row in options.values() for item in row})

    pairs = assign(options)
    best = total(None)
    assert sum(options[pair.line][pair.item] for pair in pairs) == best
    assert len({pair.item for pair in pairs}) == len(pairs)
    for pair in pairs:
        assert best - total((pair.line, pair.item)) == pair.lead


@given(st.lists(st.integers(-6, 12), max_size=9), st.integers(-8, 25), st.integers(1, 3), st.integers(1, 9))
@settings(max_examples=300, deadline=None)
def test_subset_sums_are_all_found(amounts: list[int], total: int, least: int, most: int) -> None:
    """As many subsets are counted as trying each one finds, and those that are told come to the total."""
    tried = [
        subset
        for mask in range(1 << len(amounts))
        if least <= len(subset := [at for at in range(len(amounts)) if mask >> at & 1]) <= most
        and sum(amounts[at] for at in subset) == total
    ]
    found = subset_sums(amounts, total, least=least, most=most, show=3)
    assert found is not None
    assert found.count == len(tried)
    assert len(found.found) == min(3, len(tried))
    assert all(list(subset) in tried for subset in found.found)
