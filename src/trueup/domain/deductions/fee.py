"""Deduction: a fee for a service of Amazon's, or interest: storage, commission, processing.

Source: `FBA_INVENTORY_STORAGE_FEE` of the finance API; X12 and EDIFACT codes of services.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import REVERSED, Signature, seen_by

DEDUCTION = DeductionType(
    code="fee",
    label="fee of Amazon's",
    family=Family.FEE,
    purpose=Purpose.FEES,
    treatment="An expense: a distinct service bought at its price (ASC 606-10-32-26, IFRS 15.71).",
    see=seen_by(
        Signature(
            words=(
                "STORAGE FEES?",
                "SERVICE FEES?",
                "COMMISSIONS?",
                "INTEREST",
            ),
            without=REVERSED,
            reasons=("fee",),
        )
    ),
    direction=Direction.TAKES,
    marks=Marks(words=("STORAGE", "SERVICE", "COMMISSION", "COMMISSIONS", "INTEREST"), reasons=("fee",)),
)
