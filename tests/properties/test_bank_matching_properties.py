"""Tying payments to the bank: exact, complete, and the same in every order."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from trueup.base.money import Money
from trueup.domain.bank import BankLine, BankMatching, BankRules, ExpectedPayment, TieRule
from trueup.domain.bank_matching import match_bank

DAY = date(2026, 10, 1)
RULES = BankRules(as_of=DAY + timedelta(days=30))
AMOUNTS = st.sampled_from([100, 200, 300, 500]).map(lambda minor: Money(minor, "EUR"))
NUMBERS = [f"12345{count:05d}" for count in range(6)]


@st.composite
def payments(draw: st.DrawFn) -> list[ExpectedPayment]:
    numbers = draw(st.lists(st.sampled_from(NUMBERS), unique=True, max_size=6))
    return [
        ExpectedPayment("p", number, DAY + timedelta(days=draw(st.integers(0, 12))), draw(AMOUNTS))
        for number in numbers
    ]


@st.composite
def lines(draw: st.DrawFn) -> list[BankLine]:
    made = []
    for count in range(draw(st.integers(0, 7))):
        day = DAY + timedelta(days=draw(st.integers(0, 14)))
        amount = draw(AMOUNTS) * draw(st.sampled_from([1, 1, 1, -1]))
        text = " ".join(draw(st.lists(st.sampled_from(NUMBERS), max_size=2)))
        payer = draw(st.sampled_from(["AMAZON EU", "AMAZON EU", "OTHER"]))
        made.append(BankLine("A", day, day, amount, payer=payer, text=text, key=f"L{count}"))
    return made


@given(payments(), lines(), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_order_of_the_input_does_not_matter(
    expected: list[ExpectedPayment], booked: list[BankLine], chance: st.DataObject
) -> None:
    """Shuffled, or given twice, the same payments and lines give the same matching, word for word."""
    first = match_bank(expected, booked, RULES)
    shuffled, moved = [*expected, *expected], [*booked, *booked]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    chance.shuffle(moved)  # type: ignore[attr-defined]
    assert match_bank(shuffled, moved, RULES) == first


@given(payments(), lines())
@settings(max_examples=300, deadline=None)
def test_everything_has_one_place_and_ties_are_exact(expected: list[ExpectedPayment], booked: list[BankLine]) -> None:
    """No payment or line is used twice or forgotten; what is tied is equal to the cent; no tie rests on the amount alone."""
    found = match_bank(expected, booked, RULES)
    groups = [(each.payments, each.lines) for each in found.ties]
    groups += [(each.payments, each.lines) for each in found.contests]
    groups += [(each.payments, each.lines) for each in found.discrepancies]
    placed = [each for some, _ in groups for each in some]
    used = [line.key for _, some in groups for line in some]
    assert len(placed) == len(set(placed)) and len(used) == len(set(used))
    assert set(placed) == set(expected)  # a month later nothing is pending
    for line in booked:
        assert line.key in used or line.payer == "OTHER" or line.amount.minor < 0
    for tied in found.ties:
        assert sum(each.amount.minor for each in tied.payments) == sum(line.amount.minor for line in tied.lines)
        for line in tied.lines:
            named = any(each.number in line.text for each in tied.payments)
            assert named or (tied.rule is not TieRule.NUMBER and RULES.could_pay(line))


@given(st.integers(1, 40), st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_a_clean_month_ties_whole(count: int, days: int) -> None:
    """Payments with their numbers, in any number, all find their line; nothing is left to look at."""
    expected = [ExpectedPayment("p", f"77{each:08d}", DAY, Money(100, "EUR")) for each in range(count)]
    booked = [
        BankLine("A", DAY + timedelta(days=days), DAY, each.amount, text=f"PMT {each.number}", key=each.number)
        for each in expected
    ]
    found: BankMatching = match_bank(expected, booked, RULES)
    assert (len(found.ties), found.contests, found.discrepancies) == (count, (), ())
