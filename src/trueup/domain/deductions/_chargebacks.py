"""What chargebacks share: the number of their debit notes, and that a kind is read only where it is a chargeback at all."""

from __future__ import annotations

import re

from trueup.domain.deduction import Sighting
from trueup.domain.invoices import normal_reference
from trueup.domain.line_words import REVERSED, See, named_invoice, phrases, reference_of, said
from trueup.domain.reason_codes import reason_of
from trueup.domain.remittances import RemittanceLine

NUMBER = r"\d{6,}VCBSINV"
_NUMBER, _WORDS, _GIVEN = re.compile(NUMBER), phrases(["CHARGE ?BACKS?"]), phrases(REVERSED)


def is_chargeback(line: RemittanceLine) -> bool:
    """Whether its number or its words say that it is a chargeback, of whatever kind."""
    return _NUMBER.fullmatch(reference_of(line)) is not None or _WORDS.search(said(line)) is not None


def chargeback_for(words: tuple[str, ...], reason: str) -> See:
    """How a kind of chargeback sees a line: a chargeback whose words name it, or its reason code."""
    named = phrases(words)

    def see(line: RemittanceLine) -> tuple[Sighting, ...]:
        code = reason_of(line)
        if code is None or code.type != reason:
            speech = said(line)
            if not named.search(speech) or _GIVEN.search(speech) or not is_chargeback(line):
                return ()
        chain = normal_reference(reference_of(line))
        return (Sighting(chain=chain, link=1 if chain else 0, about=named_invoice(line)),)

    return see
