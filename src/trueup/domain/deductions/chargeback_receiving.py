"""Deduction: a chargeback for work at the dock: overage, mixed cartons, handling.

Source: the kinds that published lists of Amazon's chargebacks share; the description of the debit note says which.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.deductions._chargebacks import chargeback_for

DEDUCTION = DeductionType(
    code="chargeback-receiving",
    label="chargeback: receiving",
    family=Family.CHARGEBACK,
    purpose=Purpose.CHARGEBACKS,
    treatment=(
        "As every chargeback: lowers revenue, with an account of its own where the chart names one; can be "
        "disputed for 30 days."
    ),
    see=chargeback_for(
        (
            "RECEIV(?:E|ING) (?:PROCESS|ISSUE|DEFECT)S?",
            "OVERAGES?",
            "OVERWEIGHT",
            "OVERSIZED?",
            "MIXED",
            "UNLOADING",
            "HANDLING",
        ),
        "chargeback-receiving",
    ),
    disputable=True,
    direction=Direction.TAKES,
    marks=Marks(
        words=(
            "RECEIVE",
            "RECEIVING",
            "OVERAGE",
            "OVERAGES",
            "OVERWEIGHT",
            "OVERSIZE",
            "OVERSIZED",
            "MIXED",
            "UNLOADING",
            "HANDLING",
        ),
        reasons=("chargeback-receiving",),
    ),
)
