"""Deduction: a quick-pay or terms discount as a line of its own.

Source: X12 24, 43, 76, 90, B6, FA, L2; EDIFACT 39, 66, 14E. Mostly it is a column and no line.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import REVERSED, Signature, seen_by

DEDUCTION = DeductionType(
    code="quick-pay",
    label="quick-pay discount",
    family=Family.DISCOUNT,
    purpose=Purpose.DISCOUNTS,
    treatment=(
        "Sales discounts: variable consideration, known when the customer pays early (ASC 606-10-32-5, IFRS 15.50)."
    ),
    see=seen_by(
        Signature(
            words=(
                "QPD",
                "QUICK ?PAY",
                "(?:QUICK|EARLY|PROMPT) PAY(?:MENT)? DISCOUNTS?",
                "(?:TERMS?|CASH) DISCOUNTS?",
            ),
            without=REVERSED,
            reasons=("quick-pay",),
        )
    ),
    direction=Direction.TAKES,
    marks=Marks(words=("QPD", "QUICKPAY", "QUICK", "EARLY", "PROMPT", "TERM", "TERMS", "CASH"), reasons=("quick-pay",)),
)
