"""Deduction: a credit of Amazon's to us that does not say for what.

Source: RMR01 `CM` and `CL` of an X12 820; words, with a plus sign.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks, Sighting
from trueup.domain.line_words import is_credit, named_invoice
from trueup.domain.remittances import RemittanceLine


def credited(line: RemittanceLine) -> tuple[Sighting, ...]:
    """By its kind of document or its words, in general."""
    return (Sighting(about=named_invoice(line), general=2),) if is_credit(line) else ()


DEDUCTION = DeductionType(
    code="credit-received",
    label="credit of Amazon's",
    family=Family.OTHER,
    purpose=Purpose.DISPUTED,
    treatment="Against the disputed receivables, until what it gives back is found.",
    see=credited,
    direction=Direction.GIVES,
    marks=Marks(words=("CREDIT", "CM", "CL")),
)
