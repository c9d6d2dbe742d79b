"""Deduction: a missed adjustment: Amazon puts a claim or an invoice of a past payment right.

Source: descriptions in published lists of remittance lines; no number of its own is known.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import Signature, seen_by

DEDUCTION = DeductionType(
    code="missed-adjustment",
    label="missed adjustment",
    family=Family.OTHER,
    purpose=Purpose.DISPUTED,
    treatment="With the disputed claims, until what it adjusts is found: it changes what Amazon holds of us.",
    see=seen_by(Signature(number=r"MISSED[-_ ]ADJUSTMENTS?(?![A-Z]).*", words=("MISSED ADJUSTMENTS?",), chained=True)),
    disputable=True,
    direction=Direction.EITHER,
    marks=Marks(starts=("MISSED",), words=("MISSED",)),
)
