"""Bank lines and payments: what ties them, what contests, and what neither side can explain."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from trueup.base.errors import Invalid
from trueup.base.money import Money
from trueup.domain.bank import (
    BankDifference,
    BankLine,
    BankMatching,
    BankRules,
    ExpectedPayment,
    Statement,
    TieRule,
    meant_references,
    with_keys,
)
from trueup.domain.bank_matching import match_bank, named_with

PAID = date(2026, 10, 5)
RULES = BankRules(as_of=date(2026, 10, 31))


def payment(number: str, amount: str, day: int = 0, currency: str = "EUR") -> ExpectedPayment:
    return ExpectedPayment("amazon", number, PAID + timedelta(days=day), Money.of(amount, currency))


def line(key: str, amount: str, day: int = 1, **more: Any) -> BankLine:
    money = Money.of(amount, more.pop("currency", "EUR"))
    fields = {"payer": "AMAZON EU S.A R.L."} | more
    booked = PAID + timedelta(days=day)
    return BankLine("DE1", booked, booked, money, key=key, **fields)


def ties(matching: BankMatching) -> list[tuple[list[str], list[str], TieRule]]:
    return [
        ([each.number for each in tied.payments], [each.key for each in tied.lines], tied.rule)
        for tied in matching.ties
    ]


def kinds(matching: BankMatching) -> list[BankDifference]:
    return [each.kind for each in matching.discrepancies]


@pytest.mark.parametrize(
    "where",
    [
        {"references": ("1234567890",)},
        {"references": ("AMZ/1234567890/2026",)},
        {"text": "Payment 1234567890 remittance"},
        {"text": "Payment 12345\n67890 remittance"},
        {"text": "PMT1234567890"},
        {"text": "REF:12_3456-7890"},
    ],
)
def test_a_payment_is_known_by_its_number(where: dict[str, Any]) -> None:
    """The number ties in a reference or a text, broken over lines or not, whoever the bank says paid and however late."""
    matching = match_bank([payment("1234567890", "10.00")], [line("L", "10.00", 40, payer="OTHER", **where)], RULES)
    assert ties(matching) == [(["1234567890"], ["L"], TieRule.NUMBER)]
    assert not matching.discrepancies


@pytest.mark.parametrize("text", ["91234567890", "12345678901", "1234 567890 x", "12345"])
def test_a_part_of_another_number_is_not_the_payment(text: str) -> None:
    """Digits that go on are another number; a short number ties as a whole reference, not in a text."""
    payments = [payment("1234567890", "10.00"), payment("12345", "10.00")]
    matching = match_bank(payments, [line("L", "10.00", payer="OTHER", text=text)], RULES)
    assert not matching.ties
    assert ties(match_bank(payments, [line("L", "10.00", references=("12345",))], RULES))[0][0] == ["12345"]


def test_without_a_number_amount_payer_and_days_decide_together() -> None:
    """Never the amount alone: another payer, currency or week is no tie."""
    expected = [payment("P1", "10.00")]
    assert ties(match_bank(expected, [line("L", "10.00", 5)], RULES)) == [(["P1"], ["L"], TieRule.AMOUNT)]
    for other in (
        line("L", "10.00", payer="SOMEONE"),
        line("L", "10.00", currency="USD"),
        line("L", "10.00", 6),
        line("L", "10.00", -1),
        line("L", "10.01"),
    ):
        assert not match_bank(expected, [other], RULES).ties


def test_two_lines_that_fit_two_payments_are_a_contest() -> None:
    """Nothing tells them apart, so nothing is tied, and neither side is called missing."""
    matching = match_bank(
        [payment("P1", "10.00"), payment("P2", "10.00")], [line("A", "10.00"), line("B", "10.00")], RULES
    )
    (contest,) = matching.contests
    assert (len(contest.payments), len(contest.lines)) == (2, 2)
    assert not matching.ties and not matching.discrepancies


def test_days_that_leave_one_pairing_settle_it() -> None:
    """A line before the second payment can only be the first one's, and so the other line is the second's."""
    matching = match_bank(
        [payment("P1", "10.00"), payment("P2", "10.00", 3)], [line("B", "10.00", 4), line("A", "10.00", 1)], RULES
    )
    assert ties(matching) == [(["P1"], ["A"], TieRule.AMOUNT), (["P2"], ["B"], TieRule.AMOUNT)]


def test_a_payment_may_come_in_parts() -> None:
    """Two credits that make one payment, with the number or without, are tied as the only exact sum."""
    numbered = [line("A", "6.00", text="1234567890"), line("B", "4.00", text="1234567890")]
    assert ties(match_bank([payment("1234567890", "10.00")], numbered, RULES))[0][1:] == (["A", "B"], TieRule.NUMBER)
    silent = [line("A", "6.00"), line("B", "4.00"), line("C", "5.00")]
    assert ties(match_bank([payment("P1", "10.00")], silent, RULES)) == [(["P1"], ["A", "B"], TieRule.PARTS)]
    half = [line("A", "6.00", text="1234567890"), line("B", "4.00")]
    matching = match_bank([payment("1234567890", "10.00")], half, RULES)
    assert ties(matching)[0][1:] == (["A", "B"], TieRule.PARTS)
    assert not matching.discrepancies


def test_several_payments_may_come_as_one_credit() -> None:
    """The bank's one credit is tied to the one choice of payments that makes it."""
    payments = [payment("P1", "10.00"), payment("P2", "20.00"), payment("P3", "7.00")]
    matching = match_bank(payments, [line("L", "30.00")], RULES)
    assert ties(matching) == [(["P1", "P2"], ["L"], TieRule.PARTS)]
    assert [each.payments[0].number for each in matching.discrepancies] == ["P3"]


def test_two_exact_sums_are_a_contest() -> None:
    """10 = 6 + 4 = 7 + 3: both are shown, none is taken."""
    lines = [line("A", "6.00"), line("B", "4.00"), line("C", "7.00"), line("D", "3.00")]
    matching = match_bank([payment("P1", "10.00")], lines, RULES)
    assert not matching.ties
    assert [each.key for each in matching.contests[0].lines] == ["A", "B", "C", "D"]


def test_the_sum_chooses_among_payments_of_one_number() -> None:
    """Two partners may use one number: the line is that one's whose amount it is."""
    payments = [
        ExpectedPayment("us", "1234567890", PAID, Money.of("10.00", "EUR")),
        ExpectedPayment("de", "1234567890", PAID, Money.of("20.00", "EUR")),
    ]
    matching = match_bank(payments, [line("L", "20.00", references=("1234567890",))], RULES)
    assert [tied.payments[0].partner for tied in matching.ties] == ["de"]
    assert kinds(matching) == [BankDifference.NOT_RECEIVED]


def test_another_amount_names_both_numbers() -> None:
    """What was announced, what came in, and the difference."""
    matching = match_bank([payment("1234567890", "10.00")], [line("L", "9.50", text="1234567890")], RULES)
    (found,) = matching.discrepancies
    assert (found.kind, str(found.money)) == (BankDifference.OTHER_AMOUNT, "-0.50 EUR")
    assert found.words == "announced 10.00 EUR, received 9.50 EUR (0.50 EUR too little)"
    foreign = match_bank(
        [payment("1234567890", "10.00")], [line("L", "10.00", currency="USD", text="1234567890")], RULES
    )
    assert kinds(foreign) == [BankDifference.OTHER_AMOUNT]


def test_a_payment_that_came_back_is_not_received() -> None:
    """Credit and reversal of one number come to nothing; a third credit heals it."""
    lines = [line("A", "10.00", text="1234567890"), line("B", "-10.00", 2, text="1234567890")]
    (found,) = match_bank([payment("1234567890", "10.00")], lines, RULES).discrepancies
    assert str(found.money) == "-10.00 EUR"
    again = [*lines, line("C", "10.00", 3, text="1234567890")]
    assert len(ties(match_bank([payment("1234567890", "10.00")], again, RULES))[0][1]) == 3


def test_what_is_missing_is_said_after_its_time() -> None:
    """A payment is missing once more than the days allowed are known to the bank's last day, not before."""
    early = BankRules(as_of=PAID + timedelta(days=5))
    assert match_bank([payment("P1", "10.00")], [], early).discrepancies == ()
    (found,) = match_bank([payment("P1", "10.00")], [], BankRules(as_of=PAID + timedelta(days=6))).discrepancies
    assert (found.kind, str(found.money)) == (BankDifference.NOT_RECEIVED, "-10.00 EUR")


def test_money_that_nobody_announced_is_told_for_our_payer_alone() -> None:
    """A credit that looks like Amazon's is a discrepancy; others', and our own purchases there, are not our concern."""
    lines = [line("A", "10.00"), line("B", "10.00", payer="SOMEONE"), line("C", "-10.00", payer="AMAZON WEB SERVICES")]
    matching = match_bank([], lines, RULES)
    assert [(each.kind, each.lines[0].key) for each in matching.discrepancies] == [(BankDifference.NOT_ANNOUNCED, "A")]


def test_a_payment_of_nothing_moves_no_money() -> None:
    """A remittance of zero is never missing in the bank."""
    matching = match_bank([payment("P1", "0.00")], [], RULES)
    assert matching == BankMatching((), (), ())


def test_contradicting_input_is_refused() -> None:
    """One payment with two amounts, or one key with two lines, cannot be tied."""
    with pytest.raises(Invalid, match="twice with different content"):
        match_bank([payment("P1", "1.00"), payment("P1", "2.00")], [], RULES)
    with pytest.raises(Invalid, match="twice with different content"):
        match_bank([], [line("A", "1.00"), line("A", "2.00")], RULES)


def test_keys_tell_a_movement_from_its_fee_and_count_twins() -> None:
    """One bank reference with two amounts is two lines; two lines alike in everything are counted."""
    made = with_keys(
        [line("", "10.00", bank_reference="R"), line("", "-1.00", bank_reference="R"), *[line("", "2.00")] * 2]
    )
    assert len({each.key for each in made}) == 4
    assert made[3].key == f"{made[2].key}#2"


def test_references_that_say_nothing_are_none() -> None:
    """Banks write NONREF and NOTPROVIDED where nobody gave a reference."""
    assert meant_references(["NONREF", " not provided ", "A-1", "", "A-1", "0"]) == ("A-1",)


def test_a_statement_says_what_it_lacks() -> None:
    """Closing above opening and movements: a movement is missing."""
    statement = Statement("DE1", "1", "EUR", (line("A", "1.00"),), Money(0, "EUR"), Money(150, "EUR"))
    assert str(statement.gap) == "0.50 EUR"
    assert Statement("DE1", "1", "EUR", ()).gap is None


def test_what_a_line_names_is_found_from_one_payment() -> None:
    """The lines that name a payment, with the other payments that they name; of what nothing names, nothing."""
    mine, joint, other = payment("4001234567", "60.00"), payment("4007654321", "41.00"), payment("4009999999", "5.00")
    both = line("A", "100.00", text="PAYMENT 4001234567 4007654321")
    strange = line("B", "5.00", text="RENT")
    assert named_with(mine, [joint, other], [both, strange]) == ((mine, joint), (both,))
    assert named_with(other, [mine, joint], [both, strange]) == ((), ())
