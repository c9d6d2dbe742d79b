"""Money and unit prices: exact, of one currency, and nothing is lost when they are split."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.base.errors import Invalid
from trueup.base.money import Money, UnitPrice

amounts = st.integers(-(10**12), 10**12)


@given(amounts, st.lists(st.integers(0, 1000), min_size=1, max_size=20).filter(any))
def test_allocating_loses_nothing(minor: int, weights: list[int]) -> None:
    """The shares of any split add up to the whole, and a share without weight is nothing."""
    shares = Money(minor, "USD").allocate(weights)
    assert sum(share.minor for share in shares) == minor
    assert all(share.minor == 0 for share, weight in zip(shares, weights, strict=True) if weight == 0)


@given(amounts, amounts)
def test_adding_is_exact(one: int, other: int) -> None:
    """Sums of minor units are sums of money, and subtracting undoes adding."""
    total = Money(one, "EUR") + Money(other, "EUR")
    assert total.minor == one + other
    assert total - Money(other, "EUR") == Money(one, "EUR")


@pytest.mark.parametrize(
    ("text", "currency", "minor"), [("12.50", "USD", 1250), ("1200", "JPY", 1200), ("1.234", "KWD", 1234)]
)
def test_major_units_follow_the_currency(text: str, currency: str, minor: int) -> None:
    """ISO 4217 says how many digits the minor unit has."""
    assert Money.of(text, currency).minor == minor
    assert str(Money(minor, currency)) == f"{text} {currency}"


@pytest.mark.parametrize("wrong", [1.5, "12.345", "NaN", "Infinity", "1e400", "twelve", ""])
def test_what_is_not_an_exact_amount_is_refused(wrong: object) -> None:
    """Floats, too many digits, and what is no number never become money."""
    with pytest.raises(Invalid):
        Money.of(wrong, "USD")  # type: ignore[arg-type]


def test_currencies_do_not_mix() -> None:
    """There is no implicit exchange."""
    with pytest.raises(Invalid, match="different currencies"):
        Money(1, "USD") + Money(1, "EUR")


def test_a_price_is_rounded_once_at_the_end() -> None:
    """Three pieces at a third of a cent each are one cent, not nothing."""
    third = UnitPrice.of("0.00333", "USD")
    assert third.times(3) == Money(1, "USD")
    assert third.rounded() == Money(0, "USD")
    assert UnitPrice(Decimal("0.005"), "USD").rounded() == Money(0, "USD"), "half-even"
