"""Deduction: a chargeback: a penalty for how goods were ordered, packed, announced or delivered, of a kind that is
not said.

Source: Vendor Central remittances; a debit note `<digits>VCBSINV`.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.deductions._chargebacks import NUMBER
from trueup.domain.line_words import REVERSED, Signature, seen_by

DEDUCTION = DeductionType(
    code="chargeback",
    label="chargeback",
    family=Family.CHARGEBACK,
    purpose=Purpose.CHARGEBACKS,
    treatment=(
        "Lowers revenue: what a customer charges without a distinct service in return is a reduction of the "
        "price (ASC 606-10-32-25, IFRS 15.70). Finance may choose an expense account instead."
    ),
    see=seen_by(
        Signature(
            shared=NUMBER, words=("CHARGE ?BACKS?",), without=REVERSED, reasons=("chargeback",), general=1, chained=True
        )
    ),
    disputable=True,
    direction=Direction.TAKES,
    marks=Marks(ends=("VCBSINV",), words=("CHARGEBACK", "CHARGEBACKS", "CHARGE"), reasons=("chargeback",)),
)
