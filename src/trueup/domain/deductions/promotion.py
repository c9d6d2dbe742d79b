"""Deduction: promotions: coupons, Vine, deals, subscribe and save, rebates to shoppers.

Source: the descriptions of agreement invoices; X12 codes of promotions.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import REVERSED, Signature, seen_by

DEDUCTION = DeductionType(
    code="promotion",
    label="promotion",
    family=Family.CO_OP,
    purpose=Purpose.CO_OP,
    treatment="Lowers revenue: it is a price concession to the customer's customer (ASC 606-10-32-25, IFRS 15.70).",
    see=seen_by(
        Signature(
            words=(
                "COUPONS?",
                "VINE",
                "VPC",
                "VIR",
                "PROMOTION(?:S|AL)?",
                "DEAL FUNDING",
                "(?:LIGHTNING|BEST) DEALS?",
                "SUBSCRIBE (?:AND )?SAVE",
            ),
            without=REVERSED,
            reasons=("promotion",),
        )
    ),
    direction=Direction.TAKES,
    marks=Marks(
        words=(
            "COUPON",
            "COUPONS",
            "VINE",
            "VPC",
            "VIR",
            "PROMOTION",
            "PROMOTIONS",
            "PROMOTIONAL",
            "DEAL",
            "DEALS",
            "SAVE",
        ),
        reasons=("promotion",),
    ),
)
