"""Deduction: a price claim given back.

Source: by analogy with shortages (`PCR`); one source alone shows the letters, so a stem that is our invoice is
demanded.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import PRICE, claim_by

DEDUCTION = DeductionType(
    code="price-reversal",
    label="reversal of a price claim",
    family=Family.PRICE,
    purpose=Purpose.DISPUTED,
    treatment="Clears the disputed receivable of the price claim it gives back.",
    see=claim_by(PRICE, reversal=True),
    direction=Direction.GIVES,
    marks=Marks(ends=("R",), words=("PRICE", "PRICING", "PPV"), reasons=("price-claim",)),
)
