"""Deduction: a freight allowance, or freight that Amazon paid and takes from us.

Source: the descriptions of agreement invoices; X12 codes of freight.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import Signature, seen_by

DEDUCTION = DeductionType(
    code="allowance-freight",
    label="freight allowance",
    family=Family.ALLOWANCE,
    purpose=Purpose.ALLOWANCES,
    treatment=(
        "Lowers revenue: an agreed share of the customer's freight is part of the price (ASC 606-10-32-25, IFRS 15.70)."
    ),
    see=seen_by(
        Signature(
            words=(
                "FREIGHT (?:ALLOWANCES?|COSTS?|CHARGES?|DEDUCTIONS?)",
                "COLLECT FREIGHT",
            ),
            without=(
                "RETURNS?",
                "RTV",
                "VRET",
                "REVERS(?:AL|ALS|ED)",
                "CHARGE ?BACKS?",
            ),
            reasons=("allowance-freight",),
        )
    ),
    direction=Direction.TAKES,
    marks=Marks(words=("FREIGHT",), reasons=("allowance-freight",)),
)
