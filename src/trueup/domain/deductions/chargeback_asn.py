"""Deduction: a chargeback for a shipment notice that was missing, late or wrong.

Source: the kinds that published lists of Amazon's chargebacks share; the description of the debit note says which.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.deductions._chargebacks import chargeback_for

DEDUCTION = DeductionType(
    code="chargeback-asn",
    label="chargeback: shipment notice",
    family=Family.CHARGEBACK,
    purpose=Purpose.CHARGEBACKS,
    treatment=(
        "As every chargeback: lowers revenue, with an account of its own where the chart names one; can be "
        "disputed for 30 days."
    ),
    see=chargeback_for(
        (
            "ASN",
            "SHIPMENT NOTI(?:CE|FICATION)S?",
            "RECEIVE ACCURACY",
        ),
        "chargeback-asn",
    ),
    disputable=True,
    direction=Direction.TAKES,
    marks=Marks(
        words=(
            "ASN",
            "SHIPMENT",
            "RECEIVE",
        ),
        reasons=("chargeback-asn",),
    ),
)
