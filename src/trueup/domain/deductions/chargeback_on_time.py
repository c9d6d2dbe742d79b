"""Deduction: a chargeback for goods that came late, early or not at all against the order.

Source: the kinds that published lists of Amazon's chargebacks share; the description of the debit note says which.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.deductions._chargebacks import chargeback_for

DEDUCTION = DeductionType(
    code="chargeback-on-time",
    label="chargeback: on time and in full",
    family=Family.CHARGEBACK,
    purpose=Purpose.CHARGEBACKS,
    treatment=(
        "As every chargeback: lowers revenue, with an account of its own where the chart names one; can be "
        "disputed for 30 days."
    ),
    see=chargeback_for(
        (
            "ON TIME",
            "LATE",
            "EARLY",
            "NOT FILLED",
            "DOWN CONFIRMED",
            "FILL RATE",
            "PO ON TIME",
        ),
        "chargeback-on-time",
    ),
    disputable=True,
    direction=Direction.TAKES,
    marks=Marks(
        words=(
            "TIME",
            "LATE",
            "EARLY",
            "FILLED",
            "CONFIRMED",
            "FILL",
        ),
        reasons=("chargeback-on-time",),
    ),
)
