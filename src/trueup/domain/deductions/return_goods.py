"""Deduction: goods that Amazon sent back (VRET, RTV).

Source: Vendor Central remittances; VRET numbers, a return's number with `_` and the product line's four digits, or
an all-digit number where a word says return.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import Signature, seen_by

DEDUCTION = DeductionType(
    code="return",
    label="return",
    family=Family.RETURN,
    purpose=Purpose.RETURNS,
    treatment=(
        "Sales returns: lowers revenue; the goods come back into stock at cost (ASC 606-10-55-22 to 29, IFRS "
        "15.B20 to B27)."
    ),
    see=seen_by(
        Signature(
            number=r"VRET[-_ ]?[\dA-Z_-]*\d|\d{6,}_\d{4}",
            words=(
                "RETURNS?",
                "RETURNED",
                "RTV",
                "VRET",
                "RMA",
            ),
            without=(
                "FREIGHT",
                "SHIPPING",
                "POSTAGE",
                "REVERS(?:AL|ALS|ED)",
                "REPAYMENTS?",
                "REFUND",
            ),
            reasons=("return",),
        )
    ),
    disputable=True,
    direction=Direction.TAKES,
    marks=Marks(
        starts=("VRET",),
        holds=("_",),
        words=("RETURN", "RETURNS", "RETURNED", "RTV", "VRET", "RMA"),
        reasons=("return",),
    ),
)
