"""Deduction: co-op: advertising, accruals and market development under an agreement. Also the agreement invoice that
does not say for what.

Source: Vendor Central remittances; agreement invoices are numbered `NNNN-NNNNNNNNNN`, an older guide shows eight
digits behind the hyphen.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.deductions._agreements import AGREEMENT
from trueup.domain.line_words import REVERSED, Signature, seen_by

DEDUCTION = DeductionType(
    code="co-op",
    label="co-op",
    family=Family.CO_OP,
    purpose=Purpose.CO_OP,
    treatment=(
        "Lowers revenue, unless a distinct service is bought at fair value (ASC 606-10-32-25 to 27, IFRS 15.70 to 72)."
    ),
    see=seen_by(
        Signature(
            shared=AGREEMENT,
            words=(
                "CO ?OP",
                "COOPERATIVE",
                "MDF",
                "MARKET(?:ING)? DEVELOPMENT",
                "ADVERTISING ALLOWANCE",
                "(?:BASE )?ACCRUALS?",
                "CONTRA COGS",
            ),
            without=REVERSED,
            reasons=("co-op",),
            general=1,
        )
    ),
    direction=Direction.TAKES,
    marks=Marks(
        starts=tuple("0123456789"),
        words=("COOP", "OP", "COOPERATIVE", "MDF", "DEVELOPMENT", "ADVERTISING", "ACCRUAL", "ACCRUALS", "COGS"),
        reasons=("co-op",),
    ),
)
