"""Deduction: a shortage claim (PQV): Amazon received less than we invoiced, and takes the difference by a line of its
own.

Source: Vendor Central remittances; the number is the invoice's with `SC` behind it, `SCRSC` when claimed again.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import SHORTAGE, claim_by

DEDUCTION = DeductionType(
    code="shortage-claim",
    label="shortage claim",
    family=Family.SHORTAGE,
    purpose=Purpose.DISPUTED,
    treatment=(
        "A receivable while it can be disputed: Amazon paid the invoice in full and takes this back. Given "
        "back it clears; lost, it is written off against revenue (ASC 606-10-32-5, IFRS 15.50)."
    ),
    see=claim_by(SHORTAGE, reversal=False),
    disputable=True,
    direction=Direction.TAKES,
    marks=Marks(ends=("SC",), words=("SHORTAGE", "SHORTAGES", "SHORT", "QUANTITY", "PQV"), reasons=("shortage-claim",)),
)
