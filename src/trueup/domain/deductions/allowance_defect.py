"""Deduction: a defect allowance: an agreed percentage for goods that shoppers send back as defective or that cannot
be sold.

Source: the descriptions of agreement invoices; X12 82, 93, GG, GJ.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import REVERSED, Signature, seen_by

DEDUCTION = DeductionType(
    code="allowance-defect",
    label="defect allowance",
    family=Family.ALLOWANCE,
    purpose=Purpose.ALLOWANCES,
    treatment="Lowers revenue: an agreed reduction of the price in place of returns.",
    see=seen_by(
        Signature(
            words=(
                "DEFECT(?:S|IVE)?(?: GOODS| MERCHANDISE)? ALLOWANCES?",
                "ALLOWANCES?(?: FOR)? DEFECT(?:S|IVE)?",
                "UNSALE?ABLES?",
            ),
            without=REVERSED,
            reasons=("allowance-defect",),
        )
    ),
    direction=Direction.TAKES,
    marks=Marks(
        words=("DEFECT", "DEFECTS", "DEFECTIVE", "UNSALEABLE", "UNSALABLE", "UNSALEABLES", "UNSALABLES"),
        reasons=("allowance-defect",),
    ),
)
