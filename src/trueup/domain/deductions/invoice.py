"""Deduction: none. An invoice of ours that Amazon pays, by its plain number.

Source: Vendor Central remittances. Amazon pays an invoice in full and takes its claims by lines of their own.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Sighting
from trueup.domain.remittances import RemittanceLine


def _reference(line: RemittanceLine) -> str:
    """The whole reference, "" where it is nothing but punctuation."""
    reference = line.reference.strip(" *\n\r\t")
    return reference if reference.strip("-_./") else ""


def _paid(line: RemittanceLine) -> tuple[Sighting, ...]:
    """The whole reference, if it is an invoice of ours; in general, for words on the line may say more."""
    reference = _reference(line)
    return (Sighting(reference, "", 0, reference, "", 1),) if reference else ()


DEDUCTION = DeductionType(
    code="invoice",
    label="invoice",
    family=Family.INVOICE,
    purpose=Purpose.RECEIVABLE,
    treatment="Settles the receivable of the invoice, gross: discount and withholding stand in columns of their own.",
    see=_paid,
    plainly=_reference,
    direction=Direction.GIVES,
)
