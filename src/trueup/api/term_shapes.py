"""Shapes of terms of charges in the API: a rate, a version, a proposal, and what a change would call past charges."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_EVEN

from pydantic import Field

from trueup.api.deciding import LOOK
from trueup.api.exact import Percent, PerUnit
from trueup.api.shapes import AskedDay, Instant, Line, Shape, Text, Told
from trueup.domain.agreement_changes import LONGEST_REASON
from trueup.domain.term_changes import LONGEST_SHEET
from trueup.domain.terms import Basis

_TERM = {
    "id": 3,
    "kind": "co-op",
    "marketplace": "amazon-us",
    "rate": "4%",
    "basis": "net-receipts",
    "within_days": None,
    "valid_from": "2026-01-01",
    "valid_to": None,
    "known_from": "2026-11-02",
    "known_to": None,
    "rounding": "ROUND_HALF_EVEN",
    "source": "agreement 6268",
    "entered_by": "Fay Finance",
    "entered_at": "2026-11-02T10:00:00Z",
    "evidence": None,
    "version": 2,
    "approved_by": "Ana Admin",
    "approved_because": "as in the contract",
    "stands": "version 2, proposed by Fay Finance, approved by Ana Admin",
}
_VERSION = {
    "version": 2,
    "terms": ["co-op amazon-us, 4% of net-receipts from 2026-01-01 (agreement 6268)"],
    "reason": "the signed agreement came",
    "proposed_by": "Fay Finance",
    "proposed_at": "2026-11-02T09:00:00Z",
    "approved_by": "Ana Admin",
    "approved_at": "2026-11-02T10:00:00Z",
    "approved_because": "as in the contract",
    "takes_back": None,
    "taken_back_by": None,
    "evidence": None,
}
_PROPOSED = {
    "proposal": 12,
    "reason": "the signed agreement came",
    "takes_back": None,
    "proposed_by": "Fay Finance",
    "look": LOOK,
    "changes": [
        {
            "kind": "co-op",
            "marketplace": "amazon-us",
            "begins": "2026-01-01",
            "ends": None,
            "before": None,
            "after": "4% of net-receipts from 2026-01-01 (agreement 6268)",
        }
    ],
    "words": "Terms of charges: co-op amazon-us, 4% of net-receipts from 2026-01-01 (agreement 6268)",
    "dry_run": False,
}
_WANTED = {
    "kind": "co-op",
    "marketplace": "amazon-us",
    "basis": "net-receipts",
    "percent": "4",
    "valid_from": "2026-01-01",
    "source": "agreement 6268",
}


class ChargeTerm(Shape, json_schema_extra={"examples": [_TERM]}):
    """A rate. `known_from`, `known_to`: since when it is known, and from when no more. `version` null: one person entered it."""

    id: int
    kind: str
    marketplace: str | None
    rate: str | None
    basis: str
    within_days: int | None
    valid_from: date
    valid_to: date | None
    known_from: date
    known_to: date | None
    rounding: str
    source: str
    entered_by: str
    entered_at: Instant
    evidence: str | None
    version: int | None
    approved_by: str | None
    approved_because: str | None
    stands: str


class TermVersionShape(Shape, json_schema_extra={"examples": [_VERSION]}):
    """What two people decided; never edited. `takes_back`: the version whose terms it ends."""

    version: int
    terms: list[str]
    reason: str
    proposed_by: str
    proposed_at: Instant
    approved_by: str
    approved_at: Instant
    approved_because: str
    takes_back: int | None
    taken_back_by: int | None
    evidence: str | None


class RateChange(Shape):
    """Days on which another rate would hold, up to, not including, `ends`; null: no rate."""

    kind: str
    marketplace: str
    begins: date
    ends: date | None
    before: str | None
    after: str | None


class ProposedTermsShape(Shape, json_schema_extra={"examples": [_PROPOSED]}):
    """A change that waits for a second person. `look` is said when it is approved: it is another where any of this is."""

    proposal: int
    reason: str
    takes_back: int | None
    proposed_by: str
    look: str
    changes: list[RateChange]
    words: str
    dry_run: bool


class TriedLine(Shape):
    """A charge that would be called otherwise. `above_before`, `above_after`: what was taken above what is expected."""

    remittance: int
    partner: str
    payment: str
    line: int
    kind: str
    reference: str
    paid_on: date
    charged: str
    before: str
    above_before: str | None
    why_before: str
    after: str
    above_after: str | None
    why_after: str


class TriedEffect(Shape):
    """Charges of one sort in one currency, which is never added to another."""

    before: str
    after: str
    count: int
    charged: str
    above_before: str | None
    above_after: str | None
    lines: list[TriedLine]


class Overcharged(Shape):
    """What would be called too much in one currency, now and with the change."""

    now: str
    then: str


class TermsTried(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "look": None,
                "since": "2026-08-04",
                "payments": 1,
                "charges": 1,
                "payments_left_out": 0,
                "overcharged": [{"now": "0.00 USD", "then": "10.00 USD"}],
                "effects": [
                    {
                        "before": "unrated",
                        "after": "overcharge",
                        "count": 1,
                        "charged": "50.00 USD",
                        "above_before": None,
                        "above_after": "10.00 USD",
                        "lines": [],
                    }
                ],
            }
        ]
    },
):
    """What charges of the past would be called. `look`: of a proposal with this, for who approves it; null where none waits."""

    look: str | None = None
    since: date
    payments: int
    charges: int
    payments_left_out: int
    overcharged: list[Overcharged]
    effects: list[TriedEffect]


class NewTerm(Told, json_schema_extra={"examples": [_WANTED]}):
    """A rate to be agreed: per cent of its basis, or so much for each unit; neither says that none is known."""

    kind: Line
    marketplace: Line | None = None
    """A partner or one of its vendor codes; null: all."""
    basis: Basis
    percent: Percent | None = None
    per_unit: PerUnit | None = None
    currency: Line | None = None
    valid_from: AskedDay
    valid_to: AskedDay | None = None
    known_from: AskedDay | None = None
    """Since when it is known; null: since its approval."""
    source: Line = Field(min_length=1)
    within_days: int | None = Field(None, ge=0)
    """Of invoices: only for payments made so many days after the invoice."""
    rounding: Line = ROUND_HALF_EVEN
    """How the last part of a cent is rounded."""


class ProposingTermsOfCharges(
    Told, json_schema_extra={"examples": [{"terms": [_WANTED], "reason": "the signed agreement came"}]}
):
    """Which rates are to be entered, and why."""

    terms: list[NewTerm] = Field(min_length=1, max_length=LONGEST_SHEET)
    reason: Text = Field(min_length=1, max_length=LONGEST_REASON)


class TryingTermsOfCharges(
    Told, json_schema_extra={"examples": [{"terms": [_WANTED], "reason": "the signed agreement came", "months": 3}]}
):
    """The same, and how many months of charges it is tried on."""

    terms: list[NewTerm] = Field(min_length=1, max_length=LONGEST_SHEET)
    reason: Text = Field("tried", min_length=1, max_length=LONGEST_REASON)
    months: int = Field(3, ge=1, le=12)
