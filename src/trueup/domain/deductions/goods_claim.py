"""Deduction: a claim on goods: damaged, defective, wrong, too many, never ordered.

Source: X12 and EDIFACT codes of goods that were refused.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import Signature, seen_by

DEDUCTION = DeductionType(
    code="goods-claim",
    label="claim on goods",
    family=Family.OTHER,
    purpose=Purpose.DISPUTED,
    treatment=(
        "A receivable while it can be disputed, as a shortage claim; accepted, it is a return or a reduction "
        "of the price."
    ),
    see=seen_by(Signature(reasons=("goods-claim",), chained=True)),
    disputable=True,
    direction=Direction.TAKES,
    marks=Marks(reasons=("goods-claim",)),
)
