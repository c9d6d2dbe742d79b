"""Deduction: a difference of exchange as a line of its own.

Source: X12 33; descriptions. Where the payment states both currencies, it is no line.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import Signature, seen_by

DEDUCTION = DeductionType(
    code="exchange-difference",
    label="exchange difference",
    family=Family.OTHER,
    purpose=Purpose.FX,
    treatment="A gain or loss of exchange (ASC 830-20-35, IAS 21.28).",
    see=seen_by(
        Signature(
            words=("(?:EXCHANGE|FX|CURRENCY)(?: RATE)? (?:DIFFERENCES?|GAINS?|LOSS(?:ES)?|ADJUSTMENTS?)",),
            reasons=("exchange-difference",),
        )
    ),
    direction=Direction.EITHER,
    marks=Marks(words=("EXCHANGE", "FX", "CURRENCY"), reasons=("exchange-difference",)),
)
