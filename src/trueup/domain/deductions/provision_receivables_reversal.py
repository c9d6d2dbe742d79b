"""Deduction: a provision for receivables given back.

Source: as the provision; the same reference with `R` or `-R` behind it.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.deductions._provisions import Provision, held_back

DEDUCTION = DeductionType(
    code="provision-receivables-reversal",
    label="reversal of a provision for receivables",
    family=Family.PROVISION,
    purpose=Purpose.PROVISIONS,
    treatment="Clears the provision it gives back.",
    see=held_back(Provision.RECEIVABLES, reversal=True),
    direction=Direction.GIVES,
    marks=Marks(holds=("PROVISION",), words=("PROVISION",)),
)
