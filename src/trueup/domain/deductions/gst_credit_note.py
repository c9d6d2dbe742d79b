"""Deduction: a credit note under India's GST that does not say for what.

Source: India's transaction types. Where its description says what it is for, that is what it is.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import Signature, seen_by

DEDUCTION = DeductionType(
    code="gst-credit-note",
    label="GST credit note",
    family=Family.TAX,
    purpose=Purpose.TAX,
    treatment=(
        "On the tax account until its document is entered, because its tax must be adjusted with the note "
        "(CGST Act, section 34)."
    ),
    see=seen_by(Signature(words=("GST CREDIT NOTES?",), general=2)),
    direction=Direction.GIVES,
    marks=Marks(words=("GST",)),
)
