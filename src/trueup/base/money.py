"""Money: exact integer minor units of one currency. Unit prices are exact decimals with a currency. Never a float.

Sources: ISO 4217 for the number of minor-unit digits; IEEE 754 decimal rounding names. Rounding is half-even unless a
caller states otherwise, and `allocate` loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from trueup.base.errors import Invalid
from trueup.base.unguarded import unguarded

# ISO 4217 currencies whose minor unit is not two digits. All others have two.
OTHER_EXPONENTS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
LARGEST_MINOR = 10**17
"""No amount that is told is more, in minor units; the database holds sums of some ninety of them."""
_MAX_DIGITS = 30  # a longer number is not an amount of money, and Decimal('1e999999') would fill the memory


def exponent_of(currency: str) -> int:
    """How many digits the currency's minor unit has (ISO 4217): 2 for USD, 0 for JPY, 3 for KWD."""
    return OTHER_EXPONENTS.get(currency, 2)


_SEEN: set[str] = set()
"""Codes that were found right: an amount is made for every line of every document."""


def check_currency(currency: str) -> str:
    """The ISO 4217 code itself. Raises Invalid when it is not three capital letters."""
    if currency in _SEEN:
        return currency
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha() or not currency.isupper():
        raise Invalid(f"Currency {currency!r}: expected an ISO 4217 code of three capital letters, such as USD.")
    _SEEN.add(currency)  # at most 26 to the power of 3
    return currency


def exact_decimal(text: str | int | Decimal) -> Decimal:
    """An exact finite decimal from text. Raises Invalid for floats, NaN, infinity and absurd exponents."""
    if isinstance(text, float):
        raise Invalid(f"Amount {text!r} is a float: expected exact text or a Decimal.")
    try:
        value = Decimal(text)
    except (InvalidOperation, TypeError, ValueError) as error:
        raise Invalid(f"Amount {text!r}: expected a decimal number such as 12.50.") from error
    if not value.is_finite() or abs(value.adjusted()) > _MAX_DIGITS or len(value.as_tuple().digits) > _MAX_DIGITS:
        raise Invalid(f"Amount {str(text)[:40]!r}: expected a finite number of at most {_MAX_DIGITS} digits.")
    return value


@unguarded
@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount: `minor` units (cents) of `currency`. Adding two currencies raises; there is no implicit exchange."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise Invalid(f"Money of {self.minor!r}: minor units must be an int, found {type(self.minor).__name__}.")
        check_currency(self.currency)

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str) -> Money:
        """Exact conversion from major units. Raises Invalid for more digits than the currency has, and beyond any amount."""
        value = exact_decimal(amount)
        scaled = value.scaleb(exponent_of(check_currency(currency)))
        if scaled != scaled.to_integral_value():
            raise Invalid(f"{value} {currency}: more digits than the currency has; round a UnitPrice instead.")
        if abs(scaled) > LARGEST_MINOR:
            raise Invalid(
                f"{value:f} {currency}: more than any amount of money is; look for a number that is another thing."
            )
        return cls(int(scaled), currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Nothing, in a currency."""
        return cls(0, currency)

    @property
    def amount(self) -> Decimal:
        """Major units, exact."""
        return Decimal(self.minor).scaleb(-exponent_of(self.currency))

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __abs__(self) -> Money:
        return Money(abs(self.minor), self.currency)

    def __mul__(self, factor: int) -> Money:
        if type(factor) is not int:
            raise Invalid(f"Money times {factor!r}: only whole factors are exact; use UnitPrice.times for others.")
        return Money(self.minor * factor, self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        digits = exponent_of(self.currency)
        return f"{self.amount:.{digits}f} {self.currency}"

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise Invalid(f"{self} and {other} are of different currencies and cannot be added.")
        return other.minor

    def allocate(self, weights: Sequence[int]) -> tuple[Money, ...]:
        """Split by whole weights without losing a minor unit: largest remainder, ties to the earlier share.

        Raises Invalid when there is no positive weight or one is negative.
        """
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise Invalid(f"Cannot allocate {self} by weights {list(weights)}: expected none negative, one positive.")
        shares = [divmod(self.minor * weight, total) for weight in weights]
        left = self.minor - sum(quotient for quotient, _ in shares)
        by_remainder = sorted(range(len(shares)), key=lambda i: (-shares[i][1], i))
        extra = set(by_remainder[:left])
        return tuple(Money(quotient + (i in extra), self.currency) for i, (quotient, _) in enumerate(shares))


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """A price per unit: an exact decimal (a case cost of 10.00 over 3 eaches has no last cent) and its currency."""

    value: Decimal
    currency: str

    def __post_init__(self) -> None:
        exact_decimal(self.value)
        check_currency(self.currency)

    @classmethod
    def of(cls, value: str | int | Decimal, currency: str) -> UnitPrice:
        """From exact text. Raises Invalid for floats and what is not a number."""
        return cls(exact_decimal(value), currency)

    def times(self, quantity: int, rounding: str = ROUND_HALF_EVEN) -> Money:
        """Price times quantity, rounded once, at the end."""
        scaled = (self.value * quantity).scaleb(exponent_of(self.currency))
        return Money(int(scaled.to_integral_value(rounding=rounding)), self.currency)

    def rounded(self, rounding: str = ROUND_HALF_EVEN) -> Money:
        """The price of one unit as an amount that can be paid."""
        return self.times(1, rounding)

    def __str__(self) -> str:
        return f"{self.value:f} {self.currency}"
