"""Reconciliation: what posts, what is contested and why, what is refused; and where each cent of a match goes."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.unit.domain.reconciling import MATCHERS, invoice, line, matched
from trueup.base.errors import Invalid
from trueup.domain.matcher import Candidate, Matcher, Part, Placed, placed
from trueup.domain.open_items import ItemKind, Items, Lines, OpenItem
from trueup.domain.reconciliation import reconcile
from trueup.domain.subset_sums import Pool


def proposing(*candidates: Candidate) -> Matcher:
    """A matcher that proposes what a test wants."""

    def find(lines: Lines, items: Items) -> Iterable[Candidate]:
        return candidates

    return Matcher("proposing", 1, "says what a test tells it", find)


def test_the_best_choice_overall_beats_the_best_line() -> None:
    """Line 1 fits item a best, but then line 2 goes without: together they come to more the other way round."""
    lines = [line(1, "", 10), line(2, "", 10)]
    items = [invoice("a", 10), invoice("b", 10)]
    best = [Candidate((1,), (Part("b", 10),), "", 700, ""), Candidate((2,), (Part("a", 10),), "", 700, "")]
    greedy = Candidate((1,), (Part("a", 10),), "", 900, "")
    assert reconcile(lines, items, [proposing(greedy, *best)]).matches == tuple(best)


def test_equal_explanations_are_a_contest_side_by_side() -> None:
    """Two invoices of one amount and day, one line: both are shown with their scores, and the reason is said."""
    found = matched([line(1, "", 1_234_57)], invoice("INV-1", 1_234_57), invoice("INV-2", 1_234_57))
    (contest,) = found.contests
    assert contest.lines == (1,)
    assert [rival.parts[0].key for rival in contest.rivals] == ["INV-1", "INV-2"]
    assert len({rival.score for rival in contest.rivals}) == 1
    assert contest.why == "2 explanations of this line, and none has the 100 points that are needed to post it unseen"


def test_a_lone_suggestion_is_shown_and_not_posted() -> None:
    """One weak explanation without a rival still waits for a person."""
    found = matched([line(1, "DEAL-9", 500_00)], invoice("INV-1", 500_00))
    assert not found.matches
    assert "only explanation of this line is a suggestion of 99 points" in found.contests[0].why


def test_a_contest_shows_a_few_and_counts_the_rest() -> None:
    """A person compares four explanations at a glance; how many more there are is said."""
    items = [invoice(f"INV-{number}", 500_00) for number in range(10)]
    (contest,) = matched([line(1, "", 500_00)], *items).contests
    assert (len(contest.rivals), contest.hidden) == (4, 6)


def test_a_sure_line_does_not_wait_for_its_neighbours() -> None:
    """A named invoice posts although its amount also fits two lines that nobody can tell apart."""
    items = [invoice(f"INV-100{number}", 1_234_57) for number in range(3)]
    found = matched([line(1, "INV*1001", 1_234_57), line(2, "", 1_234_57), line(3, "", 1_234_57)], *items)
    assert [match.lines for match in found.matches] == [(1,)]
    assert [contest.lines for contest in found.contests] == [(2, 3)]
    assert {part.key for rival in found.contests[0].rivals for part in rival.parts} == {"INV-1000", "INV-1002"}


def test_nothing_is_settled_beyond_what_is_open() -> None:
    """Two lines name one invoice and together want more than is open: neither posts before a person has looked."""
    found = matched([line(1, "INV-1", 700_00), line(2, "inv 1", 600_00)], invoice("INV-1", 1000_00))
    assert not found.matches
    assert found.contests[0].lines == (1, 2)
    both = matched([line(1, "INV-1", 700_00), line(2, "inv 1", 200_00)], invoice("INV-1", 1000_00))
    assert [match.lines for match in both.matches] == [(1,), (2,)]


def test_room_for_two_of_three() -> None:
    """An item has room for the first line and one of two others: the first posts, the two are a contest."""
    told = [
        Candidate((number,), (Part("a", minor),), "", score, "") for number, minor, score in ((1, 1, 200), (2, 2, 100))
    ]
    told.append(Candidate((3,), (Part("a", 2),), "", 100, ""))
    found = reconcile([line(1, "", 1), line(2, "", 2), line(3, "", 2)], [invoice("a", 3)], [proposing(*told)])
    assert [match.lines for match in found.matches] == [(1,)]
    assert found.contests[0].lines == (2, 3)


def test_what_is_too_large_is_a_contest_and_says_so() -> None:
    """Two hundred lines that hang together in all ways are not guessed at; a line apart from them still posts."""
    lines = [line(number, "", 10 + number % 3) for number in range(1, 201)]
    items = [invoice(f"K{number:03}", 25) for number in range(200)]
    tangle = [
        Candidate((one.number,), (Part(f"K{(one.number + step) % 200:03}", one.settled),), "", 150 + step, "")
        for one in lines
        for step in range(8)
    ]
    apart = Candidate((201,), (Part("apart", 77),), "", 150, "")
    found = reconcile([*lines, line(201, "", 77)], [*items, invoice("apart", 77)], [proposing(*tangle, apart)])
    assert found.matches == (apart,)
    assert len(found.contests) == 1
    assert "too many to be sure" in found.contests[0].why


def test_of_two_that_say_the_same_the_stronger_speaks() -> None:
    """An explanation stands there once, with its best score; between equals the matcher's place decides."""
    weak, strong, late = (
        Candidate((1,), (Part("a", 10),), name, score, name) for name, score in (("a", 150), ("b", 300), ("c", 300))
    )
    matchers = [
        Matcher(each.matcher, order, "", lambda lines, items, each=each: [each])  # type: ignore[misc]
        for order, each in ((3, late), (2, strong), (1, weak))
    ]
    assert reconcile([line(1, "", 10)], [invoice("a", 10)], matchers).matches == (strong,)


@pytest.mark.parametrize(
    ("candidate", "wrong"),
    [
        (Candidate((1,), (Part("a", 9),), "", 1, ""), "explains 9 of 10 minor units"),
        (Candidate((1,), (Part("a", 10), Part("a", 0)), "", 1, ""), "a line or an item twice"),
        (Candidate((1,), (Part("a", 14), Part("b", -4)), "", 1, ""), "settles 14 of a, of which 12 is open"),
        (Candidate((7,), (Part("a", 10),), "", 1, ""), "a line or an item that it was not shown"),
        (Candidate((1,), (Part("a", 10),), "", 0, ""), "scores nothing"),
        (Candidate((1, 2), (Part("a", 12), Part("b", -5)), "", 1, ""), "several lines of both signs"),
    ],
)
def test_a_matcher_that_proposes_what_cannot_be_is_a_defect(candidate: Candidate, wrong: str) -> None:
    """An explanation that is not exact, or settles what is not open, is refused by name and never posts."""
    lines, items = [line(1, "", 10), line(2, "", -3)], [invoice("a", 12), invoice("b", -5)]
    with pytest.raises(Invalid, match=wrong):
        reconcile(lines, items, [proposing(candidate)])


def test_input_that_is_not_one_thing_once_is_refused() -> None:
    """The same line or item twice, an item of nothing, and a margin of nothing are said at once."""
    with pytest.raises(Invalid, match="number stands there twice"):
        matched([line(1, "", 1), line(1, "", 2)])
    with pytest.raises(Invalid, match="key stands there twice"):
        matched([line(1, "", 1)], invoice("a", 1), invoice("a", 2))
    with pytest.raises(Invalid, match="not zero"):
        OpenItem("a", ItemKind.INVOICE, "a", 0)
    with pytest.raises(Invalid, match="margin of 0"):
        reconcile([], [], MATCHERS, margin=0)


def test_each_cent_of_a_match_has_a_line_and_an_item() -> None:
    """One line over many items, many lines on one, many on many in the order of their keys, and lines that cancel out."""
    one = Candidate((1,), (Part("a", 15), Part("n", -5)), "", 1, "")
    assert placed(one, [(1, 10)]) == (Placed(1, "a", 15), Placed(1, "n", -5))
    many = Candidate((1, 2), (Part("a", 30),), "", 1, "")
    assert placed(many, [(1, 10), (2, 20)]) == (Placed(1, "a", 10), Placed(2, "a", 20))
    both = Candidate((1, 2), (Part("a", 15), Part("b", 15)), "", 1, "")
    assert placed(both, [(1, 10), (2, 20)]) == (Placed(1, "a", 10), Placed(2, "a", 5), Placed(2, "b", 15))
    assert placed(Candidate((1, 2), (), "", 1, ""), [(1, 7), (2, -7)]) == (Placed(1, "", 7), Placed(2, "", -7))
    with pytest.raises(Invalid, match="not the sum"):
        placed(one, [(1, 11)])


def test_many_equal_amounts_are_counted_and_not_written_out() -> None:
    """Twenty-two equal amounts have 646,646 ways to come to ten of them: counted, three told."""
    sums = Pool([860] * 22, 22).reaching(8600, least=2, show=3)
    assert (sums.count, len(sums.found)) == (646_646, 3)


def test_too_many_amounts_are_not_half_searched() -> None:
    """Where all sums cannot be looked at, nothing is said: half a search could not say that an answer is the only one."""
    assert Pool.can_tell(22, 22)
    assert not Pool.can_tell(40, 22)
    assert Pool.can_tell(40, 3)
