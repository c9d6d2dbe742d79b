"""Decimals as the API takes and tells them: as text, since a number would be read as a float by whoever does not look."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

_PERCENT = r"^(100(\.0{1,6})?|[0-9]{1,2}(\.[0-9]{1,6})?)$"
_PRICE = r"^[0-9]{1,12}(\.[0-9]{1,6})?$"


def _percentage(told: object) -> object:
    if not isinstance(told, str) or not re.fullmatch(_PERCENT, told):
        raise ValueError('expected a percentage as text, of six decimals at most, such as "2.5"')
    return told


def _price(told: object) -> object:
    if not isinstance(told, str) or not re.fullmatch(_PRICE, told):
        raise ValueError('expected an amount as text, of six decimals at most, such as "0.125"')
    return told


Percent = Annotated[
    Decimal,
    BeforeValidator(_percentage),
    WithJsonSchema({"type": "string", "pattern": _PERCENT, "examples": ["2.5"]}),
]
"""A percentage, exactly."""
PerUnit = Annotated[
    Decimal,
    BeforeValidator(_price),
    WithJsonSchema({"type": "string", "pattern": _PRICE, "examples": ["0.125"]}),
]
"""An amount for each unit, exactly; its currency stands beside it."""
