"""Deduction: what sending goods back cost: freight and handling of returns.

Source: India's debit notes `VENDOR-<return>-<centre>-L-<number>`; X12 B7, RK, RL, SJ.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import REVERSED, Signature, seen_by

DEDUCTION = DeductionType(
    code="return-freight",
    label="freight of a return",
    family=Family.RETURN,
    purpose=Purpose.RETURN_FREIGHT,
    treatment="An expense: carriage is a service, not a part of the price of what was sold.",
    see=seen_by(
        Signature(
            number=r"VENDOR-(?P<about>\w+)-[A-Z0-9]{2,5}-L-\d{1,6}",
            words=(
                r"(?:RETURNS?|RTV|VRET)\b.*\b(?:FREIGHT|SHIPPING|POSTAGE)",
                r"(?:FREIGHT|SHIPPING|POSTAGE)\b.*\b(?:RETURNS?|RTV|VRET)",
            ),
            without=REVERSED,
            reasons=("return-freight",),
        )
    ),
    direction=Direction.TAKES,
    marks=Marks(starts=("VENDOR-",), words=("RETURN", "RETURNS", "RTV", "VRET"), reasons=("return-freight",)),
)
