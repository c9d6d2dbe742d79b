"""Deduction: price protection: our price fell, and Amazon takes the difference on what it has in stock.

Source: Vendor Central remittances; debit notes `IPAPUS` with seven digits; `PRICE_PROTECTION` of the finance API.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import REVERSED, Signature, seen_by

DEDUCTION = DeductionType(
    code="price-protection",
    label="price protection",
    family=Family.PRICE,
    purpose=Purpose.PRICE_PROTECTION,
    treatment="Lowers revenue: a later reduction of a price already invoiced (ASC 606-10-32-25, IFRS 15.70).",
    see=seen_by(
        Signature(
            number=r"IPAPUS\d{7}",
            words=("PRICE PROTECTION",),
            without=REVERSED,
            reasons=("price-protection",),
            chained=True,
        )
    ),
    disputable=True,
    direction=Direction.TAKES,
    marks=Marks(starts=("IPAPUS",), words=("PROTECTION",), reasons=("price-protection",)),
)
