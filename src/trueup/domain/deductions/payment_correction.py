"""Deduction: a payment put right: paid twice, too much, too little, recouped.

Source: X12 and EDIFACT codes of corrections.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import Signature, seen_by

DEDUCTION = DeductionType(
    code="payment-correction",
    label="correction of a payment",
    family=Family.OTHER,
    purpose=Purpose.DISPUTED,
    treatment=(
        "With the disputed claims, until the payment it corrects is found: it is owed by one side to the other."
    ),
    see=seen_by(
        Signature(
            words=(
                "OVERPAYMENTS?",
                "UNDERPAYMENTS?",
                "DUPLICATE PAYMENTS?",
                "PAID TWICE",
            ),
            reasons=("payment-correction",),
            chained=True,
        )
    ),
    disputable=True,
    direction=Direction.EITHER,
    marks=Marks(
        words=("OVERPAYMENT", "OVERPAYMENTS", "UNDERPAYMENT", "UNDERPAYMENTS", "DUPLICATE", "TWICE"),
        reasons=("payment-correction",),
    ),
)
