"""Identifiers of goods and parties, with their check digits verified. What Amazon must get back is kept as it came, beside them."""

from __future__ import annotations

import re
from typing import Self

from trueup.base.errors import Invalid

_ASIN = re.compile(r"B[0-9A-Z]{9}|[0-9]{9}[0-9X]")


class Asin(str):
    """Amazon Standard Identification Number: `B` and nine letters or digits, or an ISBN-10, its check digit verified."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises Invalid when the text is not an ASIN."""
        value = text.strip().upper()
        if not _ASIN.fullmatch(value):
            raise Invalid(f"ASIN {text!r}: expected B and nine letters or digits, or an ISBN-10.")
        if not value.startswith("B") and not _isbn10_holds(value):
            raise Invalid(f"ASIN {text!r}: reads as an ISBN-10, but its check digit does not hold.")
        return cls(value)


class Gtin(str):
    """GTIN-8, -12 (UPC), -13 (EAN) or -14, check digit verified (GS1 General Specifications 7.9). Leading zeros are kept."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises Invalid for a wrong length, other characters than digits, or a wrong check digit."""
        value = text.strip()
        if not value.isascii() or not value.isdigit() or len(value) not in (8, 12, 13, 14):
            raise Invalid(f"GTIN {text!r}: expected 8, 12, 13 or 14 digits.")
        if check_digit(value[:-1]) != value[-1]:
            raise Invalid(f"GTIN {text!r}: check digit {value[-1]}, expected {check_digit(value[:-1])}.")
        return cls(value)

    @property
    def fourteen(self) -> str:
        """The same number as 14 digits, for comparing UPC with EAN."""
        return self.zfill(14)


def check_digit(body: str) -> str:
    """GS1's check digit: weights 3 and 1 from the right, complement to ten."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return str(-total % 10)


def same_product_code(one: str, other: str) -> bool:
    """Whether two product codes name one thing: digits are compared as 14-digit GTINs, all else as written."""
    if one.isdigit() and other.isdigit() and len(one) <= 14 and len(other) <= 14:
        return one.zfill(14) == other.zfill(14)
    return one == other


def _isbn10_holds(text: str) -> bool:
    digits = [10 if sign == "X" else int(sign) for sign in text]
    return sum(weight * digit for weight, digit in zip(range(10, 0, -1), digits, strict=True)) % 11 == 0
