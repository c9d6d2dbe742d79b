"""Deduction: a straight payment agreement (SPA): a sum agreed once, not a rate.

Source: the descriptions of agreement invoices.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import REVERSED, Signature, seen_by

DEDUCTION = DeductionType(
    code="straight-payment",
    label="straight payment agreement",
    family=Family.CO_OP,
    purpose=Purpose.CO_OP,
    treatment="Lowers revenue as co-op does; it is agreed one by one, so there is no rate to hold it against.",
    see=seen_by(
        Signature(
            words=(
                "SPA",
                "STRAIGHT PAYMENTS?",
            ),
            without=REVERSED,
        )
    ),
    direction=Direction.TAKES,
    marks=Marks(words=("SPA", "STRAIGHT")),
)
