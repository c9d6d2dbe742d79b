"""Deduction: a debit note of Amazon's that does not say for what.

Source: RMR01 `DB` of an X12 820; India's debit notes without GST. Where its words or code say what it is for, that
is what it is.
"""

from __future__ import annotations

import re

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks, Sighting
from trueup.domain.invoices import normal_reference
from trueup.domain.line_words import named_invoice, reference_of, said
from trueup.domain.reason_codes import reason_of
from trueup.domain.remittances import RemittanceLine

_WORDS = re.compile(r"\bDEBIT (?:MEMO|NOTE)S?\b")
_OTHER = re.compile(r"\bGST\b")


def debit_note(line: RemittanceLine) -> tuple[Sighting, ...]:
    """By its kind of document, its words or its code, in general: any of them may be said of a claim that says more."""
    speech, reason = said(line), reason_of(line)
    told = line.kind.strip().upper() == "DB" and not line.standalone
    told = told or (reason is not None and reason.type == "debit-memo")
    if not told and (not _WORDS.search(speech) or _OTHER.search(speech)):
        return ()
    chain = normal_reference(reference_of(line))
    return (Sighting(chain=chain, link=1 if chain else 0, about=named_invoice(line), general=2),)


DEDUCTION = DeductionType(
    code="debit-memo",
    label="debit note of Amazon's",
    family=Family.OTHER,
    purpose=Purpose.DISPUTED,
    treatment="A receivable while it can be disputed: nobody has said yet what it is for.",
    see=debit_note,
    disputable=True,
    direction=Direction.TAKES,
    marks=Marks(words=("DEBIT", "DB"), reasons=("debit-memo",)),
)
