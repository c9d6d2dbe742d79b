"""Deduction: the settlement of a statement of open items: one sum for many old claims.

Source: the last way of dispute in published guides; X12 81, C1; EDIFACT 1.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import Signature, seen_by

DEDUCTION = DeductionType(
    code="open-items-settlement",
    label="settlement of open items",
    family=Family.BALANCE,
    purpose=Purpose.DISPUTED,
    treatment="Against the disputed receivables it settles; what it does not cover is written off with it.",
    see=seen_by(
        Signature(
            words=(
                "STATEMENT OF OPEN ITEMS?",
                "OPEN ITEMS? (?:STATEMENT )?SETTLEMENTS?",
            ),
            reasons=("open-items-settlement",),
        )
    ),
    direction=Direction.EITHER,
    marks=Marks(words=("OPEN",), reasons=("open-items-settlement",)),
)
