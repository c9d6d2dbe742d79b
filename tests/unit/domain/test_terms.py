"""Terms: what held on a day, what we knew of it when, and whether a charge is that, to the minor unit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

import pytest

from trueup.base.errors import ConfigurationError, Invalid
from trueup.base.money import Money, UnitPrice
from trueup.domain.terms import Basis, Charge, Term, Verdict, compare, expect, in_force, judge

JAN, MAR, JUN = date(2026, 1, 1), date(2026, 3, 1), date(2026, 6, 1)
CO_OP = Term("co-op", "US", Basis.NET_RECEIPTS, JAN, JAN, "agreement 6268", percent=Decimal(6))
NONE = Money(0, "USD")


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def test_a_rate_is_taken_to_the_minor_unit_and_rounded_once() -> None:
    """As the term says: half to even unless it says otherwise."""
    assert expect(CO_OP, amount=usd(123_425)) == usd(7406)  # 7405.5
    assert expect(replace(CO_OP, rounding=ROUND_DOWN), amount=usd(123_425)) == usd(7405)
    assert expect(replace(CO_OP, percent=Decimal("0.5"), rounding=ROUND_HALF_UP), amount=usd(100)) == usd(1)
    assert expect(replace(CO_OP, percent=Decimal("0.5")), amount=usd(100)) == usd(0)
    assert expect(replace(CO_OP, percent=Decimal("33.333")), amount=Money(10**18, "JPY")) == Money(
        333_330_000_000_000_000, "JPY"
    )


def test_an_amount_a_unit_is_taken_of_units() -> None:
    """Exact prices: three units at a third of a cent come to a cent."""
    term = replace(CO_OP, basis=Basis.UNITS, percent=None, per_unit=UnitPrice.of("0.0034", "USD"))
    assert expect(term, units=3) == usd(1)
    assert expect(term, amount=usd(100)) is None


def test_what_held_is_what_was_agreed_for_the_day() -> None:
    """From the first day up to, not including, the last."""
    first, second = replace(CO_OP, valid_to=MAR), replace(CO_OP, valid_from=MAR, percent=Decimal(8))
    assert in_force([first, second], "co-op", date(2026, 2, 28), JUN, "US") == first
    assert in_force([first, second], "co-op", MAR, JUN, "US") == second
    assert in_force([first, second], "co-op", date(2025, 12, 31), JUN, "US") is None
    assert in_force([first, second], "quick-pay", MAR, JUN, "US") is None


def test_what_was_known_then_stays_known() -> None:
    """A rate agreed afterwards counts from when we know it; asked as of before, the old one stands."""
    later = replace(CO_OP, known_from=JUN, percent=Decimal(7))
    assert in_force([CO_OP, later], "co-op", MAR, date(2026, 5, 31), "US") == CO_OP
    assert in_force([CO_OP, later], "co-op", MAR, JUN, "US") == later
    assert in_force([later], "co-op", MAR, MAR, "US") is None


def test_a_rate_can_be_withdrawn() -> None:
    """A later term without a rate leaves the days unrated."""
    withdrawn = replace(CO_OP, known_from=JUN, percent=None)
    charge = Charge("co-op", "US", MAR, usd(600), amount=usd(10_000))
    assert judge(charge, [CO_OP, withdrawn], MAR, NONE).verdict is Verdict.AS_AGREED
    assert judge(charge, [CO_OP, withdrawn], JUN, NONE).verdict is Verdict.UNRATED


def test_a_marketplace_has_terms_of_its_own() -> None:
    """Before those of all marketplaces, even where these are known since later."""
    everywhere = replace(CO_OP, marketplace="", percent=Decimal(3), known_from=MAR)
    assert in_force([everywhere, CO_OP], "co-op", MAR, JUN, "US") == CO_OP
    assert in_force([everywhere, CO_OP], "co-op", MAR, JUN, "DE") == everywhere


def test_two_terms_for_one_day_are_refused() -> None:
    """Nobody can say which was meant, so nobody guesses. The same term twice is one."""
    with pytest.raises(ConfigurationError, match=r"6% .* and 7% .* known from 2026-01-01"):
        in_force([CO_OP, replace(CO_OP, percent=Decimal(7))], "co-op", MAR, JUN, "US")
    assert in_force([CO_OP, replace(CO_OP)], "co-op", MAR, JUN, "US") == CO_OP


@pytest.mark.parametrize(
    ("charged", "tolerance", "verdict", "difference"),
    [
        (600, 0, Verdict.AS_AGREED, 0),
        (601, 1, Verdict.AS_AGREED, 1),
        (602, 1, Verdict.OVERCHARGE, 2),
        (598, 1, Verdict.UNDERCHARGE, -2),
    ],
)
def test_a_charge_is_judged_within_a_tolerance(charged: int, tolerance: int, verdict: Verdict, difference: int) -> None:
    """An overcharge is money to claim, an undercharge one to expect."""
    found = judge(Charge("co-op", "US", MAR, usd(charged), amount=usd(10_000)), [CO_OP], JUN, usd(tolerance))
    assert (found.verdict, found.difference) == (verdict, usd(difference))


def test_the_words_say_both_numbers_and_the_term() -> None:
    """A person reads what was charged, what was due, and where that is written."""
    charge = Charge("co-op", "US", MAR, usd(650), amount=usd(10_000))
    assert judge(charge, [CO_OP], JUN, NONE).why == (
        "charged 6.50 USD, expected 6.00 USD: 0.50 USD too much; 6% of net-receipts from 2026-01-01 (agreement 6268)"
    )
    assert judge(charge, [], JUN, NONE).why == (
        "charged 6.50 USD, and no rate says what was due; no rate of co-op is documented for US on 2026-03-01"
    )
    assert judge(replace(charge, amount=None), [CO_OP], JUN, NONE).why.endswith(
        "the amount it is taken of is not known"
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"percent": Decimal(-1)}, "expected 0 to 100"),
        ({"percent": Decimal(101)}, "expected 0 to 100"),
        ({"per_unit": UnitPrice.of(1, "USD")}, "expected one rate"),
        ({"percent": None, "per_unit": UnitPrice.of(1, "USD")}, "its rate is not of net-receipts"),
        ({"basis": Basis.UNITS}, "its rate is not of units"),
        ({"basis": Basis.UNITS, "percent": None, "per_unit": UnitPrice.of(-1, "USD")}, "none below zero"),
        ({"basis": Basis.UNITS, "percent": None, "per_unit": UnitPrice.of("1e20", "USD")}, "less than 1,000,000"),
        ({"basis": Basis.INVOICE, "within_days": 2_000_000_000}, "expected 3,650 days from the invoice at most"),
        ({"valid_to": JAN}, "is not after valid_from"),
        ({"rounding": "ROUND_UPWARDS"}, "expected one of ROUND_HALF_EVEN"),
    ],
)
def test_a_term_that_cannot_be_meant_is_refused(changes: dict[str, object], words: str) -> None:
    """With what is expected, in the message."""
    with pytest.raises(Invalid, match=words):
        replace(CO_OP, **changes)  # type: ignore[arg-type]


def test_money_of_two_currencies_is_not_compared() -> None:
    """Nothing is exchanged here."""
    with pytest.raises(Invalid):
        compare(usd(1), Money(1, "EUR"), NONE)
    with pytest.raises(Invalid, match="none below zero"):
        compare(usd(1), usd(1), usd(-1))
