"""Deduction: a chargeback for invoices that are late, wrong or on paper.

Source: the kinds that published lists of Amazon's chargebacks share; the description of the debit note says which.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.deductions._chargebacks import chargeback_for

DEDUCTION = DeductionType(
    code="chargeback-invoice",
    label="chargeback: invoicing",
    family=Family.CHARGEBACK,
    purpose=Purpose.CHARGEBACKS,
    treatment=(
        "As every chargeback: lowers revenue, with an account of its own where the chart names one; can be "
        "disputed for 30 days."
    ),
    see=chargeback_for(
        (
            "INVOIC(?:E|ING) (?:DEFECT|ACCURACY|NON COMPLIANCE|ERROR)S?",
            "PAPER INVOICES?",
        ),
        "chargeback-invoice",
    ),
    disputable=True,
    direction=Direction.TAKES,
    marks=Marks(
        words=(
            "INVOICE",
            "INVOICING",
            "PAPER",
        ),
        reasons=("chargeback-invoice",),
    ),
)
