"""Reconciliation: the best choice, the same in any order, with every cent in one place; beside a search through all choices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from trueup.base.plugins import collect
from trueup.domain import matchers as folder
from trueup.domain.assignment import assign
from trueup.domain.likeness import LikeReferences
from trueup.domain.lookup import lookup
from trueup.domain.matcher import Candidate, Matcher, Part, placed
from trueup.domain.open_items import ItemKind, Items, Lines, OpenItem, ResidueLine, purchase_orders_of
from trueup.domain.reconciliation import MARGIN, reconcile
from trueup.domain.subset_sums import Pool

MATCHERS = tuple(collect(folder, "MATCHER", Matcher, key=lambda each: each.name).values())
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
        OpenItem(f"K{number}", ItemKind.INVOICE, f"I{number}", draw(amounts))
        for number in range(draw(st.integers(1, 6)))
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
    chosen = draw(st.lists(st.sampled_from(possible), max_size=10, unique=True)) if possible else []
    scores = st.sampled_from([1, 2, 3, 5, 10, 20])
    candidates = [Candidate(who, parts, "told", draw(scores), "told") for who, parts in chosen]
    return lines, items, candidates, draw(st.sampled_from([1, 2, 5]))


@given(st.booleans().flatmap(lambda one_to_one: puzzles(one_to_one=one_to_one)))
@settings(max_examples=150, deadline=None)
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
@settings(max_examples=100, deadline=None)
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
@settings(max_examples=120, deadline=None)
def test_subset_sums_are_all_found(amounts: list[int], total: int, least: int, most: int) -> None:
    """As many subsets are counted as trying each one finds, and those that are told come to the total."""
    tried = [
        subset
        for mask in range(1 << len(amounts))
        if least <= len(subset := [at for at in range(len(amounts)) if mask >> at & 1]) <= most
        and sum(amounts[at] for at in subset) == total
    ]
    found = Pool(amounts, most).reaching(total, least=least, show=3)
    assert found.count == len(tried)
    assert len(found.found) == min(3, len(tried))
    assert all(list(subset) in tried for subset in found.found)


SHORT = st.text("1O0SX", min_size=1, max_size=8).map(lambda text: f"7{text}")


@given(SHORT, st.lists(SHORT, max_size=12))
@settings(max_examples=200, deadline=None)
def test_the_index_of_references_misses_none(written: str, known: list[str]) -> None:
    """Looked up or compared one by one, the same references are alike in the same way."""
    items = [OpenItem(f"K{at}", ItemKind.INVOICE, each, 1) for at, each in enumerate(known)]
    assert LikeReferences(items, times=10**6).like(written) == LikeReferences(items, times=1).like(written)


REFERENCES = st.sampled_from(["", "INV-1001", "INV-1010", "INV1001SC", "*1001*", "0001001", "ADJ-7", "INV-2O02"])
TEXTS = st.sampled_from(
    ["", "7XK2M9QD/PHX3/X", "1ABCDEF2/PHX3/X", "INV-1001 INV-2002", "debit balance", "7XK2M9QD/X/INV-1010"]
)
DAYS = st.one_of(st.none(), st.integers(0, 9).map(lambda days: DAY + timedelta(days=days)))
FAR = st.one_of(DAYS, st.just(DAY - timedelta(days=200)))
MINORS = st.one_of(st.sampled_from([500_00, 250_00, 1_234_57, -500_00, -250_00]), st.integers(-2_000_00, 9_000_00))


@st.composite
def payments(draw: st.DrawFn) -> tuple[list[ResidueLine], list[OpenItem]]:
    """Lines and items from few names, orders, days and amounts, so that they resemble each other in every way."""
    lines = []
    for number in range(1, draw(st.integers(1, 7)) + 1):
        text = draw(TEXTS)
        orders = purchase_orders_of(text, {})
        lines.append(ResidueLine(number, draw(REFERENCES), draw(MINORS), draw(DAYS), text, {}, orders))
    items = []
    for number in range(draw(st.integers(0, 8))):
        reference = draw(st.sampled_from(["INV-1001", "INV-1010", "INV-2002", "1001", "CN-7"]))
        order = draw(st.sampled_from(["", "7XK2M9QD", "1ABCDEF2"]))
        about = draw(st.sampled_from(["", "", "INV-1001"]))
        kind = draw(st.sampled_from(ItemKind))
        items.append(OpenItem(f"K{number}", kind, reference, draw(MINORS.filter(bool)), draw(FAR), order, about=about))
    total = draw(st.lists(st.sampled_from(items), min_size=1, max_size=3, unique=True)) if items else []
    if total:
        paid = sum(item.open for item in total)
        lines.append(ResidueLine(99, draw(REFERENCES), paid, draw(DAYS), draw(TEXTS), {}, (total[0].purchase_order,)))
    return lines, items


@given(payments(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_lines_items_and_matchers_is_nothing(
    payment: tuple[list[ResidueLine], list[OpenItem]], chance: Random
) -> None:
    """Shuffled input gives the same matches, contests and residue, word for word."""
    lines, items = payment
    expected = reconcile(lines, items, MATCHERS)
    for shuffled in (lines, items, matchers := list(MATCHERS)):
        chance.shuffle(shuffled)
    assert reconcile(lines, items, matchers) == expected
    assert reconcile(lines, Items(items), matchers) == expected


@given(payments())
@settings(max_examples=100, deadline=None)
def test_every_cent_is_in_one_place_and_no_item_pays_twice(payment: tuple[list[ResidueLine], list[OpenItem]]) -> None:
    """Each line is matched, contested or residue, once; placed cents are the lines' and the parts'; no item is over-settled."""
    lines, items = payment
    found = reconcile(lines, items, MATCHERS)
    settled = {line.number: line.settled for line in lines}
    contested = [number for contest in found.contests for number in contest.lines]
    matched = [number for match in found.matches for number in match.lines]
    assert sorted([*matched, *contested, *found.residue]) == sorted(settled)
    of_items: Counter[str] = Counter()
    of_lines: Counter[int] = Counter()
    for match in found.matches:
        assert match.score >= MARGIN
        for each in placed(match, list(settled.items())):
            of_lines[each.line] += each.minor
            of_items[each.key] += each.minor
    parts = sum(part.minor for match in found.matches for part in match.parts)
    assert parts + sum(settled[number] for number in [*contested, *found.residue]) == sum(settled.values())
    assert all(of_lines[number] == settled[number] for number in matched)
    for item in items:
        assert min(0, item.open) <= of_items[item.key] <= max(0, item.open)
    for contest in found.contests:
        assert set(contest.lines) == {number for rival in contest.rivals for number in rival.lines}


@given(payments())
@settings(max_examples=150, deadline=None)
def test_what_a_lookup_leaves_out_changes_nothing(payment: tuple[list[ResidueLine], list[OpenItem]]) -> None:
    """Against the items that the lines can have to do with, everything comes out as against all there are."""
    lines, items = payment
    wanted = lookup(lines, [item.open for item in items if item.kind is ItemKind.BALANCE])
    assert reconcile(lines, filter(wanted.wants, items), MATCHERS) == reconcile(lines, items, MATCHERS)


WRITTEN: tuple[Callable[[str], str], ...] = (
    lambda reference: reference,
    lambda reference: f"**{reference}*",
    lambda reference: reference.replace("-", "_").lower(),
    lambda reference: reference.replace("-", " "),
    lambda reference: reference.replace("0", "O"),
)


@given(
    st.lists(st.integers(100, 10**7), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(WRITTEN)), min_size=12, max_size=12),
    st.integers(0, 11),
)
@settings(max_examples=150, deadline=None)
def test_what_was_planted_is_found(
    amounts: list[int], ways: list[tuple[int, Callable[[str], str]]], unpaid: int
) -> None:
    """Invoices paid under padded names, or by an order and an amount of its own, are all found, whatever else is open."""
    items = [
        OpenItem(f"K{at}", ItemKind.INVOICE, f"INV-{7 * at:03}-{13 * at:03}-X", minor, DAY, f"{at:02}K2M9QD")
        for at, minor in enumerate(amounts)
    ]
    lines = []
    for at, (item, (way, write)) in enumerate(zip(items, ways, strict=False)):
        text = f"{item.purchase_order}/PHX3/X" if way == 0 else ""
        lines.append(
            ResidueLine(
                at + 1,
                "" if way == 0 else write(item.reference),
                item.open,
                None,
                text,
                {},
                purchase_orders_of(text, {}),
            )
        )
    del lines[unpaid : unpaid + 1]
    found = reconcile(lines, items, MATCHERS)
    assert {match.lines[0]: match.parts for match in found.matches} == {
        line.number: (Part(f"K{line.number - 1}", line.settled),) for line in lines
    }


@given(st.integers(2, 4), st.integers(1, 4), st.integers(1_00, 10_000_00), st.booleans(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_what_nobody_can_tell_apart_is_a_contest(
    twins: int, payers: int, minor: int, has_order: bool, has_day: bool
) -> None:
    """Invoices that differ in nothing but their number, paid by lines that do not name it: none posts, all are shown."""
    text = "7XK2M9QD/PHX3/X" if has_order else ""
    day = DAY if has_day else None
    items = [
        OpenItem(f"K{at}", ItemKind.INVOICE, f"INV-{at}77{at}", minor, day, "7XK2M9QD" if has_order else "")
        for at in range(twins)
    ]
    lines = [ResidueLine(at, "", minor, day, text, {}, purchase_orders_of(text, {})) for at in range(1, payers + 1)]
    found = reconcile(lines, items, MATCHERS)
    assert found.matches == ()
    (contest,) = found.contests
    assert contest.lines == tuple(range(1, payers + 1))
    assert {part.key for rival in contest.rivals for part in rival.parts} == {item.key for item in items}


@given(st.lists(st.integers(1, 60), min_size=2, max_size=7), st.data())
@settings(max_examples=150, deadline=None)
def test_a_sum_posts_only_when_it_is_the_only_one(amounts: list[int], data: st.DataObject) -> None:
    """A line that names an order and comes to some of its invoices posts only what is the one choice that does."""
    items = [
        OpenItem(f"K{at}", ItemKind.INVOICE, f"INV-{at}77{at}", minor, None, "7XK2M9QD")
        for at, minor in enumerate(amounts)
    ]
    paid = sum(data.draw(st.lists(st.sampled_from(amounts), min_size=2, max_size=4)))
    line = ResidueLine(1, "", paid, None, "7XK2M9QD/PHX3/X", {}, ("7XK2M9QD",))
    choices = [
        {items[at].key for at in range(len(items)) if mask >> at & 1}
        for mask in range(1, 1 << len(items))
        if sum(amounts[at] for at in range(len(items)) if mask >> at & 1) == paid
    ]
    for match in reconcile([line], items, MATCHERS).matches:
        chosen = {part.key for part in match.parts}
        assert chosen in choices
        assert len(chosen) == 1 or choices == [chosen]
