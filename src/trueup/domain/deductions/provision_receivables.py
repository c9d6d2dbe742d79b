"""Deduction: a provision for receivables: Amazon holds money back against what it expects to be owed by us and has
not billed.

Source: Vendor Central remittances; `YYMMDD_PROVISION_FOR_...`, in older ones with `-` and blanks. No deduction: it
comes back.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.deductions._provisions import Provision, held_back

DEDUCTION = DeductionType(
    code="provision-receivables",
    label="provision for receivables",
    family=Family.PROVISION,
    purpose=Purpose.PROVISIONS,
    treatment=(
        "Clearing only, never an expense: it is a matter of time and comes back; its account is zero over the "
        "life of each provision, and what is open at a close is shown."
    ),
    see=held_back(Provision.RECEIVABLES, reversal=False),
    direction=Direction.TAKES,
    marks=Marks(holds=("PROVISION",), words=("PROVISION",)),
)
