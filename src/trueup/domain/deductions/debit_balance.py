"""Deduction: a debit balance: claims above invoices, carried by Amazon and recovered from a later payment.

Source: descriptions in published lists of remittance lines; X12 FB, MI; EDIFACT 42.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import Signature, seen_by

DEDUCTION = DeductionType(
    code="debit-balance",
    label="debit balance",
    family=Family.BALANCE,
    purpose=Purpose.DEBIT_BALANCE,
    treatment=(
        "A liability of ours while it is carried: it arises with the payment that could not be taken in full "
        "and clears with the later one."
    ),
    see=seen_by(
        Signature(
            number=r"(?:DEBIT|NEGATIVE)[-_ ]BALANCES?(?![A-Z]).*",
            words=(
                "(?:DEBIT|NEGATIVE) BALANCES?",
                "BALANCES? (?:CARRIED|BROUGHT) FORWARD",
            ),
            reasons=("debit-balance",),
            chained=True,
        )
    ),
    direction=Direction.EITHER,
    marks=Marks(starts=("DEBIT", "NEGATIVE"), words=("BALANCE", "BALANCES"), reasons=("debit-balance",)),
)
