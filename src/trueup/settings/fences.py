"""Ring-fences and buffers as trueup.toml says them."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Annotated

from pydantic import Field, PlainValidator, model_validator

from trueup.base.errors import TrueupError
from trueup.domain.ring_fences import Fence, Season, Share
from trueup.settings.values import Amount, PlainText, Table, key, told

RiskPercent = Annotated[Decimal, Field(gt=0, le=50, allow_inf_nan=False)]
_SHARE = re.compile(r"(?P<number>\d{1,9}(\.\d{1,6})?)(?P<percent> ?%)?")
_SEASON = re.compile(r"(\d\d)-(\d\d) to (\d\d)-(\d\d)")
_LEAP_YEAR = 2024


def _share(value: object) -> Share:
    found = _SHARE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is not None:
        try:
            if found["percent"]:
                return Share(percent=Fraction(Decimal(found["number"])))
            return Share(units=int(found["number"]))
        except (TrueupError, InvalidOperation, ValueError):
            pass
    raise told(f'expected a number of units such as "24", or a percentage to 100 such as "40 %", found {value!r}')


def _season(value: object) -> Season:
    found = _SEASON.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is not None:
        first_month, first_day, last_month, last_day = map(int, found.groups())
        try:
            first, last = date(_LEAP_YEAR, first_month, first_day), date(_LEAP_YEAR, last_month, last_day)
            return Season((first.month, first.day), (last.month, last.day))
        except ValueError:
            pass
    raise told(f'expected the first and the last day of a season such as "10-01 to 01-15", found {value!r}')


ShareValue = Annotated[Share, PlainValidator(_share)]
SeasonValue = Annotated[Season, PlainValidator(_season)]


class FenceSettings(Table):
    """How much of some products wholesale may hold and the circular programme keeps; keys of `domain.ring_fences.Fence`."""

    skus: Annotated[tuple[PlainText, ...], Field(min_length=1)] = key('SKUs such as ["LAMP-1", "CHAIR-*"]', ("*",))
    wholesale_most: ShareValue | None = key('units such as "24", or a percentage such as "40 %"', None)
    circular_keeps: ShareValue | None = key('units such as "24", or a percentage such as "40 %"', None)
    conditions: tuple[PlainText, ...] = key('conditions of items such as ["Unused"]', ())
    ready_only: bool = key("true or false", True)
    season: SeasonValue | None = key('days such as "10-01 to 01-15"', None)
    circular_worth: Amount | None = key('an amount and its currency such as "45.00 USD"', None)

    @model_validator(mode="after")
    def _holds(self) -> FenceSettings:
        try:
            self.fence()
        except TrueupError as error:
            raise told(str(error)) from error
        return self

    def fence(self) -> Fence:
        """The fence in the domain's words."""
        return Fence(**dict(self))
