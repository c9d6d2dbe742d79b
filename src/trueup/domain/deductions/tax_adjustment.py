"""Deduction: tax on invoices put right: VAT, GST, sales tax, duty.

Source: X12 55, BA to BC, E6 to E8; EDIFACT 22, 26, 73.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import Signature, seen_by

DEDUCTION = DeductionType(
    code="tax-adjustment",
    label="adjustment of tax",
    family=Family.TAX,
    purpose=Purpose.TAX,
    treatment=("On the tax account of invoices; whether the return changes is for the tax adviser, with the document."),
    see=seen_by(Signature(words=("(?:TAX|VAT|GST) ADJUSTMENTS?",), reasons=("tax-adjustment",))),
    direction=Direction.EITHER,
    marks=Marks(words=("TAX", "VAT", "GST"), reasons=("tax-adjustment",)),
)
