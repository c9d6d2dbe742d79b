"""Deduction: a chargeback given back after a dispute.

The debit note's own number with the other sign and a word that says so; the sign alone is not enough.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks, Sighting
from trueup.domain.deductions._chargebacks import is_chargeback
from trueup.domain.invoices import normal_reference
from trueup.domain.line_words import REVERSED, phrases, reference_of, said
from trueup.domain.remittances import RemittanceLine

_GIVEN = phrases(REVERSED)


def given_back(line: RemittanceLine) -> tuple[Sighting, ...]:
    """A chargeback's number or words, and a word that says it is given back."""
    if not is_chargeback(line) or not _GIVEN.search(said(line)):
        return ()
    return (Sighting(chain=normal_reference(reference_of(line)), link=2),)


DEDUCTION = DeductionType(
    code="chargeback-reversal",
    label="reversal of a chargeback",
    family=Family.CHARGEBACK,
    purpose=Purpose.CHARGEBACKS,
    treatment="Takes the chargeback back where it was booked, so that the account shows what was finally kept.",
    see=given_back,
    direction=Direction.GIVES,
    marks=Marks(ends=("VCBSINV",), words=("CHARGEBACK", "CHARGEBACKS", "CHARGE")),
)
