"""What provisions share: their reference in the old and the new spelling, and India's words."""

from __future__ import annotations

import re
from enum import StrEnum

from trueup.domain.deduction import Sighting
from trueup.domain.invoices import normal_reference
from trueup.domain.line_words import REVERSED, See, named_invoice, phrases, reference_of, said
from trueup.domain.remittances import RemittanceLine


class Provision(StrEnum):
    """What Amazon holds money back for: as the reference and India's description name it, with single blanks."""

    RECEIVABLES = r"(?:TO BE BILLED )?RECEIVABLES?"
    AGED = r"AGED RECEIVABLES?"
    ACTUALS = r"MISSING ACTUALS?"


_DAY = r"(?P<day>\d{6})[-_ ]"
_GIVEN = re.compile(r"[-_ ]?R$")
_WORDS_GIVEN = phrases(REVERSED)


def held_back(provision: Provision, *, reversal: bool) -> See:
    """How a provision (or its reversal) sees a line. Its story is the provision's own reference, without the reversal's R."""
    name = provision.value.replace(" ", "[-_ ]")
    number = re.compile(rf"{_DAY}PROVISION[-_ ]FOR[-_ ]{name}{'[-_ ]?R' if reversal else ''}")
    words = phrases([f"PROVISION FOR {provision.value}"])

    def see(line: RemittanceLine) -> tuple[Sighting, ...]:
        text = reference_of(line)
        if not number.fullmatch(text):
            speech = said(line)
            told = words.search(speech) and (_WORDS_GIVEN.search(speech) is not None) is reversal
            if not told or "PROVISION" in text:
                return ()
        own = (named_invoice(line) or text) if reversal else text
        chain = normal_reference(_GIVEN.sub("", own) if reversal else own)
        return (Sighting(chain=chain, link=(2 if reversal else 1) if chain else 0),)

    return see
