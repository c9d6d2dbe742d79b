"""Deduction: a chargeback for carriers, routing and freight papers.

Source: the kinds that published lists of Amazon's chargebacks share; the description of the debit note says which.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.deductions._chargebacks import chargeback_for

DEDUCTION = DeductionType(
    code="chargeback-transport",
    label="chargeback: transport",
    family=Family.CHARGEBACK,
    purpose=Purpose.CHARGEBACKS,
    treatment=(
        "As every chargeback: lowers revenue, with an account of its own where the chart names one; can be "
        "disputed for 30 days."
    ),
    see=chargeback_for(
        (
            "TRANSPORT(?:ATION)?",
            "ROUTING",
            "CARRIERS?",
            "BOL",
            "BILL OF LADING",
            "PALLETS?",
            "NO SHOW",
            "DELIVERY APPOINTMENT",
        ),
        "chargeback-transport",
    ),
    disputable=True,
    direction=Direction.TAKES,
    marks=Marks(
        words=(
            "TRANSPORT",
            "TRANSPORTATION",
            "ROUTING",
            "CARRIER",
            "CARRIERS",
            "BOL",
            "LADING",
            "PALLET",
            "PALLETS",
            "SHOW",
            "APPOINTMENT",
        ),
        reasons=("chargeback-transport",),
    ),
)
