"""Deduction: co-op given back: an agreement trued up, or a charge taken back.

An agreement's number or the word co-op, with a word that says it is given back; the sign alone is not enough.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks, Sighting
from trueup.domain.deductions._agreements import is_agreement
from trueup.domain.line_words import REVERSED, phrases, said
from trueup.domain.remittances import RemittanceLine

_GIVEN = phrases(REVERSED)


def given_back(line: RemittanceLine) -> tuple[Sighting, ...]:
    """An agreement's number or the word co-op, and a word that says it is given back."""
    return (Sighting(),) if is_agreement(line) and _GIVEN.search(said(line)) else ()


DEDUCTION = DeductionType(
    code="co-op-reversal",
    label="co-op given back",
    family=Family.CO_OP,
    purpose=Purpose.CO_OP,
    treatment="Takes the reduction of revenue back where it was booked.",
    see=given_back,
    direction=Direction.GIVES,
    marks=Marks(words=("REVERSAL", "REVERSALS", "REVERSED", "REPAYMENT", "REPAYMENTS", "REPAID", "REFUND", "REFUNDED")),
)
