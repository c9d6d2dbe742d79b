"""Deduction: what a bank took for the payment.

Source: EDIFACT 4465 10 and 11.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import Signature, seen_by

DEDUCTION = DeductionType(
    code="bank-charge",
    label="bank charge",
    family=Family.FEE,
    purpose=Purpose.BANK_FEES,
    treatment="An expense of the payment.",
    see=seen_by(
        Signature(
            words=(
                "BANK (?:CHARGES?|FEES?)",
                "WIRE FEES?",
            ),
            reasons=("bank-charge",),
        )
    ),
    direction=Direction.TAKES,
    marks=Marks(words=("BANK", "WIRE"), reasons=("bank-charge",)),
)
