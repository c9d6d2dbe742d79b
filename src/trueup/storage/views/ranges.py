"""Ranges that a search narrows by: amounts, whatever their currency and sign, and days; in a query, and of one value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from trueup.base.money import OTHER_EXPONENTS, Money


@dataclass(frozen=True, slots=True)
class Ranges:
    """`least` to `most` in units of a currency, both included unless `above` or `below`; days from `after`, before `before`."""

    least: Decimal | None = None
    most: Decimal | None = None
    above: bool = False
    below: bool = False
    after: date | None = None
    before: date | None = None

    def __bool__(self) -> bool:
        return any(each is not None for each in (self.least, self.most, self.after, self.before))

    @property
    def of_amounts(self) -> bool:
        """Whether amounts are narrowed."""
        return self.least is not None or self.most is not None

    def has_amount(self, money: Money | None) -> bool:
        """Whether an amount is in the range; none is in no range."""
        if not self.of_amounts:
            return True
        if money is None:
            return False
        amount = abs(money.amount)
        low = self.least is None or amount > self.least or (amount == self.least and not self.above)
        return low and (self.most is None or amount < self.most or (amount == self.most and not self.below))

    def has_day(self, day: date | None) -> bool:
        """Whether a day is in the range; none is in no range."""
        if self.after is None and self.before is None:
            return True
        if day is None:
            return False
        return (self.after is None or day >= self.after) and (self.before is None or day < self.before)

    def amounts(self, minor: Any, currency: Any) -> Iterator[sa.ColumnElement[bool]]:
        """The same of a column of minor units and that of its currency."""
        amount = sa.cast(sa.func.abs(minor), sa.Numeric) / _units(currency)
        if self.least is not None:
            yield amount > self.least if self.above else amount >= self.least
        if self.most is not None:
            yield amount < self.most if self.below else amount <= self.most

    def days(self, column: Any) -> Iterator[sa.ColumnElement[bool]]:
        """The same of a column of days or instants, which are compared in UTC."""
        if self.after is not None:
            yield column >= self.after
        if self.before is not None:
            yield column < self.before


def _units(currency: Any) -> sa.ColumnElement[Any]:
    """How many minor units are one of the currency."""
    other = {code: 10**digits for code, digits in OTHER_EXPONENTS.items()}
    return sa.case(other, value=currency, else_=100)
