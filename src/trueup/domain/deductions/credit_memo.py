"""Deduction: a credit note of ours that Amazon takes.

Source: RMR01 `CM` and `CL` of an X12 820; words. It must be a document of ours: else nothing is known of it.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks, Sighting
from trueup.domain.line_words import is_credit, reference_of
from trueup.domain.remittances import RemittanceLine


def credit_note(line: RemittanceLine) -> tuple[Sighting, ...]:
    """Only as a document that we know, by its number."""
    reference = reference_of(line)
    return (Sighting(document=reference),) if reference and is_credit(line) else ()


DEDUCTION = DeductionType(
    code="credit-memo",
    label="credit note of ours",
    family=Family.INVOICE,
    purpose=Purpose.RECEIVABLE,
    treatment="Settles our credit note in the receivable; revenue was lowered when it was issued.",
    see=credit_note,
    direction=Direction.TAKES,
    marks=Marks(words=("CREDIT", "CM", "CL")),
)
