"""Deduction: a price claim (PPV): Amazon holds our invoiced price to be above the ordered one, and takes the
difference.

Source: Vendor Central remittances; the number is the invoice's with `PC` behind it.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import PRICE, claim_by

DEDUCTION = DeductionType(
    code="price-claim",
    label="price claim",
    family=Family.PRICE,
    purpose=Purpose.DISPUTED,
    treatment=(
        "A receivable while it can be disputed, as a shortage claim. Accepted, it lowers revenue (and asks "
        "for a credit note where VAT is due)."
    ),
    see=claim_by(PRICE, reversal=False),
    disputable=True,
    direction=Direction.TAKES,
    marks=Marks(ends=("PC",), words=("PRICE", "PRICING", "PPV"), reasons=("price-claim",)),
)
