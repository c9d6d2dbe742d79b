"""Deduction: a trade allowance: volume, ordering by the pallet, early buying, rebates; India's discounts received.

Source: the names of Amazon's funding programmes in published guides; X12 codes of trade.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import REVERSED, Signature, seen_by

DEDUCTION = DeductionType(
    code="allowance-trade",
    label="trade allowance",
    family=Family.ALLOWANCE,
    purpose=Purpose.ALLOWANCES,
    treatment="Lowers revenue: variable consideration, estimated with the sale (ASC 606-10-32-5, IFRS 15.50).",
    see=seen_by(
        Signature(
            words=(
                "ALLOWANCES? DISCOUNTS? RECEIVED",
                "VOLUME (?:ALLOWANCES?|REBATES?|INCENTIVES?|DISCOUNTS?)",
                "ORDER(?:ING)? EFFICIENCY",
                "PALLET ORDERING",
                "ACAPULCO",
                "PICS",
                "AVS",
            ),
            without=REVERSED,
            reasons=("allowance-trade",),
        )
    ),
    direction=Direction.TAKES,
    marks=Marks(
        words=("RECEIVED", "VOLUME", "EFFICIENCY", "ORDERING", "ACAPULCO", "PICS", "AVS"), reasons=("allowance-trade",)
    ),
)
