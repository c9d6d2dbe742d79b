"""Deduction: a shortage claim given back, in whole or in part.

Source: as the claim; the number ends in `SCR`, and `SCRSCR` when given back again.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import SHORTAGE, claim_by

DEDUCTION = DeductionType(
    code="shortage-reversal",
    label="reversal of a shortage claim",
    family=Family.SHORTAGE,
    purpose=Purpose.DISPUTED,
    treatment="Clears the disputed receivable of the claim it gives back; what it leaves open stays open.",
    see=claim_by(SHORTAGE, reversal=True),
    direction=Direction.GIVES,
    marks=Marks(ends=("R",), words=("SHORTAGE", "SHORTAGES", "SHORT", "QUANTITY", "PQV"), reasons=("shortage-claim",)),
)
