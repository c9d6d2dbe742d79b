"""Deduction: the payment of an invoice is taken back, by its plain number; or a credit note of ours is settled.

Source: void and reissue in Vendor Central exports. So unusual that it stands beside every other reading: a claim whose number
is an invoice of ours as well is then ambiguous.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Sighting
from trueup.domain.remittances import RemittanceLine


def _taken(line: RemittanceLine) -> tuple[Sighting, ...]:
    reference = line.reference.strip(" *\n\r\t")
    if not reference.strip("-_./") or not (line.settled or line.gross):
        return ()
    return (Sighting(about=reference, document=reference, general=1),)


DEDUCTION = DeductionType(
    code="invoice-taken-back",
    label="payment of an invoice taken back, or a credit note of ours",
    family=Family.INVOICE,
    purpose=Purpose.RECEIVABLE,
    treatment="Opens the receivable of the invoice again, or settles the credit note, in the receivable.",
    see=_taken,
    direction=Direction.TAKES,
)
