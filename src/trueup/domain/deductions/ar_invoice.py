"""Deduction: an invoice of Amazon's to us, taken from the payment (DFP: deducted from payment).

Source: numbers such as `16222737HPA26` with the words "DFP for AR Invoice".
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import REVERSED, Signature, seen_by

DEDUCTION = DeductionType(
    code="ar-invoice",
    label="invoice of Amazon's",
    family=Family.FEE,
    purpose=Purpose.FEES,
    treatment=(
        "An expense, as a distinct service that Amazon invoiced; where its invoice shows an allowance, "
        "finance gives the type another account."
    ),
    see=seen_by(
        Signature(
            number=r"\d{6,10}HPA\d{2}",
            words=(
                "AR INVOICES?",
                "DFP",
            ),
            without=REVERSED,
            chained=True,
        )
    ),
    disputable=True,
    direction=Direction.TAKES,
    marks=Marks(holds=("HPA",), words=("AR", "DFP")),
)
