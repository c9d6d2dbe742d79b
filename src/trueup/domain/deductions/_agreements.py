"""What agreements share: the number of their invoices, whatever the agreement is for."""

from __future__ import annotations

import re

from trueup.domain.line_words import phrases, reference_of, said
from trueup.domain.remittances import RemittanceLine

AGREEMENT = r"\d{4}-\d{8}(?:\d{2})?"
_NUMBER, _WORDS = re.compile(AGREEMENT), phrases(["CO ?OP", "COOPERATIVE", "MDF"])


def is_agreement(line: RemittanceLine) -> bool:
    """Whether its number or its words say that an agreement stands behind it."""
    return _NUMBER.fullmatch(reference_of(line)) is not None or _WORDS.search(said(line)) is not None
