"""Deduction: tax that Amazon kept for the authorities by a line of its own.

Source: India's credit memos `<invoice>-TDS-CM-<number>` (section 194Q); X12 E3, IR. Where it is a column, it is no
line.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import REVERSED, Signature, seen_by

DEDUCTION = DeductionType(
    code="withholding",
    label="tax withheld",
    family=Family.TAX,
    purpose=Purpose.WITHHOLDING,
    treatment="A receivable from the tax authority: it is tax of ours, paid for us, and set off in our return.",
    see=seen_by(
        Signature(
            number=r"(?P<about>.+?)[-_ ]TDS[-_ ]CM[-_ ]\d+",
            words=(
                "TDS",
                "WITHHOLDING",
                "WITHHELD",
                "194Q",
            ),
            without=REVERSED,
            reasons=("withholding",),
        )
    ),
    direction=Direction.TAKES,
    marks=Marks(holds=("TDS",), words=("TDS", "WITHHOLDING", "WITHHELD", "194Q"), reasons=("withholding",)),
)
