"""Deduction: pay on receipt (POR): Amazon settles by what it received, beside or instead of an invoice.

Source: descriptions in published lists of remittance lines; no number of its own is known.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import REVERSED, Signature, seen_by

DEDUCTION = DeductionType(
    code="pay-on-receipt",
    label="pay on receipt",
    family=Family.OTHER,
    purpose=Purpose.RECEIVABLE,
    treatment="Against the receivable: it is payment for goods, of an order rather than an invoice.",
    see=seen_by(
        Signature(
            words=(
                "(?:^|^[A-Z]{2} )POR",
                "PAY ON RECEIPT",
            ),
            without=REVERSED,
        )
    ),
    direction=Direction.EITHER,
    marks=Marks(words=("POR", "RECEIPT")),
)
