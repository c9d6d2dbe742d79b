"""Deduction: a claim from an audit of past periods, by Amazon's auditors or a firm of theirs.

Source: the families of audit claims that Vendor Central's contact menu names: APAUDIT, IPAP, RSS, AUDCNLY.
"""

from __future__ import annotations

from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks
from trueup.domain.line_words import REVERSED, Signature, seen_by

DEDUCTION = DeductionType(
    code="audit-claim",
    label="audit claim",
    family=Family.AUDIT,
    purpose=Purpose.AUDIT_CLAIMS,
    treatment=(
        "A receivable of its own while it is disputed, for it concerns closed periods; lost, it lowers "
        "revenue of the period in which it is accepted (a change of estimate, ASC 250, IAS 8)."
    ),
    see=seen_by(
        Signature(
            number=r"(?:APAUDIT|AUDCNLY|RSS|IPAP)[-_ ]?\d[\d_-]*[A-Z]?",
            words=("AUDIT",),
            without=REVERSED,
            reasons=("audit-claim",),
            chained=True,
        )
    ),
    disputable=True,
    direction=Direction.TAKES,
    marks=Marks(starts=("APAUDIT", "AUDCNLY", "RSS", "IPAP"), words=("AUDIT",), reasons=("audit-claim",)),
)
