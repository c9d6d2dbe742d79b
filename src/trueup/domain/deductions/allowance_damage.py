"""Deduction: a damage allowance: an agreed percentage in place of returns of damaged goods.

Source: the descriptions of agreement invoices; `DAMAGE_ALLOWANCE` of the finance API.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import REVERSED, Signature, seen_by

DEDUCTION = DeductionType(
    code="allowance-damage",
    label="damage allowance",
    family=Family.ALLOWANCE,
    purpose=Purpose.ALLOWANCES,
    treatment=(
        "Lowers revenue: an agreed reduction of the price, estimated with the sale (ASC 606-10-32-25, IFRS 15.70)."
    ),
    see=seen_by(
        Signature(
            words=(
                "DAMAGED?(?: GOODS)? ALLOWANCES?",
                "ALLOWANCES?(?: FOR)? DAMAGED?",
            ),
            without=REVERSED,
            reasons=("allowance-damage",),
        )
    ),
    direction=Direction.TAKES,
    marks=Marks(words=("DAMAGE", "DAMAGED"), reasons=("allowance-damage",)),
)
