"""Deduction: a chargeback for packing, bagging and labels.

Source: the kinds that published lists of Amazon's chargebacks share; the description of the debit note says which.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.deductions._chargebacks import chargeback_for

DEDUCTION = DeductionType(
    code="chargeback-preparation",
    label="chargeback: packing and labels",
    family=Family.CHARGEBACK,
    purpose=Purpose.CHARGEBACKS,
    treatment=(
        "As every chargeback: lowers revenue, with an account of its own where the chart names one; can be "
        "disputed for 30 days."
    ),
    see=chargeback_for(
        (
            "PREP(?:ARATION)?",
            "PACK(?:AGING|ING)?",
            "LABEL(?:S|LING|ING)?",
            "BARCODES?",
            "BAGGING",
            "CARTON",
        ),
        "chargeback-preparation",
    ),
    disputable=True,
    direction=Direction.TAKES,
    marks=Marks(
        words=(
            "PREP",
            "PREPARATION",
            "PACK",
            "PACKAGING",
            "PACKING",
            "LABEL",
            "LABELS",
            "LABELING",
            "LABELLING",
            "BARCODE",
            "BARCODES",
            "BAGGING",
            "CARTON",
        ),
        reasons=("chargeback-preparation",),
    ),
)
