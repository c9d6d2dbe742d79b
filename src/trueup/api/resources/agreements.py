"""Agreements: what is agreed with each vendor code, trying a change on the past, and changing it by two people, in versions."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Path, Query
from pydantic import Field

from trueup.api.deciding import LOOK, ApprovingChange, HowFarBack, WithdrawingChange
from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import DryRun, Instant, Key, Line, Listed, Number, Shape, Text, Told
from trueup.domain.agreement_changes import LONGEST_REASON, AgreementChange, AgreementScope
from trueup.workflows.approve_agreement import approve_terms
from trueup.workflows.keep_agreements import (
    APPROVE,
    PROPOSE,
    ProposedTerms,
    find_proposed,
    propose_terms,
    undo_terms,
    version_json,
    withdraw_terms,
)
from trueup.workflows.list_agreements import list_agreements, list_versions, show_agreement, trial_json
from trueup.workflows.try_agreements import look_tried, try_proposed, try_terms
from trueup.workflows.versions import Basis
from trueup.workflows.world import Tx

_TERMS = {"cost_basis": "each", "cost_tolerance": "0.02", "shortfall": "backorder"}
_PIECE = {
    "valid_from": "2026-12-01",
    "valid_to": None,
    "in_force": True,
    "version": 7,
    "approved_by": "Fay Finance",
    "stands": "version 7 of the agreement, approved by Fay Finance",
}
_ROW = {
    "partner": "amazon-us",
    "vendor_code": "NORDA",
    "currency": "USD",
    "shop": "shop",
    "ship_from": "main",
    **_PIECE,
    "clauses": _TERMS,
    "follows": None,
    "newest": 7,
    "proposal": None,
}
_VERSION = {
    "version": 7,
    "partner": "amazon-us",
    "vendor_code": "NORDA",
    "terms": _TERMS,
    "effective_from": "2026-12-01",
    "reason": "Amazon rounds to whole cents",
    "proposed_by": "Olga",
    "proposed_at": "2026-11-23T09:00:00Z",
    "approved_by": "Fay Finance",
    "approved_at": "2026-11-23T10:00:00Z",
    "approved_because": "as in the contract",
    "undoes": None,
}
_PROPOSED = {
    "proposal": 12,
    "partner": "amazon-us",
    "vendor_code": "NORDA",
    "effective_from": "2026-12-01",
    "reason": "Amazon rounds to whole cents",
    "proposed_by": "Olga",
    "look": LOOK,
    "changes": [{"clause": "cost_tolerance", "before": "0 USD per each", "after": "0.02 USD per each"}],
    "words": "The agreement amazon-us/NORDA from 2026-12-01 on: Cost may differ by 0 USD per each → 0.02 USD per each",
    "dry_run": False,
}


class AgreementRange(Shape, json_schema_extra={"examples": [_PIECE]}):
    """What holds from one day up to, not including, another (UTC). `version` null: as trueup.toml says."""

    valid_from: date
    valid_to: date | None
    in_force: bool
    version: int | None
    approved_by: str | None
    stands: str


class AgreementRow(AgreementRange, json_schema_extra={"examples": [_ROW]}):
    """What is agreed with a vendor code now, or comes next. `clauses`: by their keys of trueup.toml; `newest`: the newest
    version that was decided, 0 for none; `proposal`: what waits for a second person."""

    partner: str
    vendor_code: str
    currency: str
    shop: str
    ship_from: str
    clauses: dict[str, str]
    follows: AgreementRange | None
    newest: int
    proposal: int | None


class AgreementVersionShape(Shape, json_schema_extra={"examples": [_VERSION]}):
    """What two people decided; never edited. `terms` null: as trueup.toml says."""

    version: int
    partner: str
    vendor_code: str
    terms: dict[str, str] | None
    effective_from: date
    reason: str
    proposed_by: str
    proposed_at: Instant
    approved_by: str
    approved_at: Instant
    approved_because: str
    undoes: int | None


class AgreementWhole(
    AgreementRow, json_schema_extra={"examples": [{**_ROW, "schedule": [_PIECE], "versions": [_VERSION]}]}
):
    """An agreement as it holds from day to day, with every version, the newest first."""

    schedule: list[AgreementRange]
    versions: list[AgreementVersionShape]


class ClauseChange(Shape):
    """A clause that becomes another, in words."""

    clause: str
    before: str
    after: str


class ProposedShape(Shape, json_schema_extra={"examples": [_PROPOSED]}):
    """A change that waits for a second person. `look` is said when it is approved: it is another where any of this is."""

    proposal: int
    partner: str
    vendor_code: str
    effective_from: date
    reason: str
    proposed_by: str
    look: str
    changes: list[ClauseChange]
    words: str
    dry_run: bool


class AgreementExample(Shape):
    """One line, order or invoice that would have been otherwise."""

    kind: str
    key: str
    name: str
    line: int | None
    before: str
    after: str
    money: str | None


class AgreementEffect(Shape):
    """What would have been otherwise, of one sort; money by currency, never added over currencies."""

    effect: str
    words: str
    count: int
    money: list[str]
    examples: list[AgreementExample]


class AgreementTried(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "look": None,
                "since": "2026-08-25",
                "orders": 3,
                "lines": 4,
                "orders_left_out": 0,
                "effects": [
                    {
                        "effect": "passed",
                        "words": "lines passed that were held",
                        "count": 1,
                        "money": ["318.00 USD"],
                        "examples": [
                            {
                                "kind": "order",
                                "key": "amazon-us/PO000002",
                                "name": "PO000002",
                                "line": 1,
                                "before": "Cost differs",
                                "after": "passes",
                                "money": "318.00 USD",
                            }
                        ],
                    }
                ],
            }
        ]
    },
):
    """What orders, answers and invoices of the past would have come to. `look`: of a proposal with this, for who approves it; null
    where none waits."""

    look: str | None = None
    since: date
    orders: int
    lines: int
    orders_left_out: int
    effects: list[AgreementEffect]


class TryingTerms(Told, json_schema_extra={"examples": [{"terms": {"cost_tolerance": "0.02"}, "months": 3}]}):
    """Which clauses become others, by their keys of trueup.toml; null: as trueup.toml says."""

    terms: dict[Line, Text] | None = Field(max_length=40)
    months: int = Field(3, ge=1, le=24)


class ProposingTerms(
    Told,
    json_schema_extra={
        "examples": [
            {
                "partner": "amazon-us",
                "vendor_code": "NORDA",
                "terms": {"cost_tolerance": "0.02"},
                "effective_from": "2026-12-01",
                "reason": "Amazon rounds to whole cents",
            }
        ]
    },
):
    """What is to hold for orders placed from a day on (UTC), tomorrow at the earliest, and why."""

    partner: Line
    vendor_code: Line
    terms: dict[Line, Text] | None = Field(max_length=40)
    effective_from: date
    reason: Text = Field(min_length=1, max_length=LONGEST_REASON)
    seen: int | None = Field(None, ge=0)
    """The newest version that the caller knows of; another one since is refused."""


class OneAgreement(Told):
    """Versions of which vendor code; both left out: of all."""

    partner: Line | None = None
    """The partner, by its name in trueup.toml."""
    vendor_code: Line | None = None
    """One of its vendor codes."""


_Partner = Annotated[Line, Path(description="The partner, by its name in trueup.toml.", examples=["amazon-us"])]
_Code = Annotated[Line, Path(description="One of its vendor codes.", examples=["NORDA"])]


def list_all_agreements(call: Calling) -> Listed[AgreementRow]:
    """List what is agreed with each vendor code now, where it stands, what follows and what waits."""
    with call.look() as connection:
        rows = list_agreements(connection, call.desk.world, call.now.date())
    return Listed[AgreementRow](items=[AgreementRow.model_validate(row) for row in rows])


def show_one_agreement(call: Calling, partner: _Partner, vendor_code: _Code) -> AgreementWhole:
    """Show an agreement with every clause, how it holds from day to day, and its versions."""
    with call.look() as connection:
        found = show_agreement(connection, call.desk.world, AgreementScope(partner, vendor_code), call.now.date())
    return AgreementWhole.model_validate(found)


def list_agreement_versions(call: Calling, asked: Annotated[OneAgreement, Query()]) -> Listed[AgreementVersionShape]:
    """List what was decided of agreements, the newest first."""
    with call.look() as connection:
        rows = [
            row
            for row in list_versions(connection)
            if asked.partner in (None, row["partner"]) and asked.vendor_code in (None, row["vendor_code"])
        ]
    return Listed[AgreementVersionShape](items=[AgreementVersionShape.model_validate(row) for row in rows])


def try_agreement(call: Calling, partner: _Partner, vendor_code: _Code, told: TryingTerms) -> AgreementTried:
    """Tell what the past would have come to under other terms. Nothing is kept."""
    scope = AgreementScope(partner, vendor_code)
    trial = call.act(try_terms, scope, told.terms, told.months, dry_run=True)
    return AgreementTried.model_validate(trial_json(trial))


def propose_agreement(call: Calling, told: ProposingTerms, dry_run: DryRun = False, key: Key = None) -> ProposedShape:
    """Propose other terms; one that waits is replaced. Nothing changes until a second person approves."""
    change = AgreementChange(
        AgreementScope(told.partner, told.vendor_code), told.terms, told.effective_from, told.reason
    )

    def act(tx: Tx) -> ProposedShape:
        return _shape(propose_terms(tx, change, call.person, Basis(told.seen)), dry_run)

    return call.once(act, key, dry_run=dry_run)


def show_proposed_agreement(call: Calling, proposal: Number) -> ProposedShape:
    """Show a change that waits, beside what holds now."""
    return _shape(call.act(find_proposed, proposal, dry_run=True), False)


def try_proposed_agreement(call: Calling, proposal: Number, asked: Annotated[HowFarBack, Query()]) -> AgreementTried:
    """Tell what the past would have come to under a change that waits. Nothing is kept."""

    def act(tx: Tx) -> AgreementTried:
        proposed = find_proposed(tx, proposal)
        trial = try_proposed(tx, proposed, asked.months)
        return AgreementTried.model_validate({"look": look_tried(proposed, trial, asked.months), **trial_json(trial)})

    return call.act(act, dry_run=True)


def approve_agreement(
    call: Calling, proposal: Number, told: ApprovingChange, dry_run: DryRun = False, key: Key = None
) -> AgreementVersionShape:
    """Approve what another person proposed, and say why; it comes into force on its day."""

    def act(tx: Tx) -> AgreementVersionShape:
        done = approve_terms(tx, proposal, call.person, told.reason, told.look)
        return AgreementVersionShape.model_validate(version_json(done))

    return call.once(act, key, dry_run=dry_run)


def withdraw_agreement(
    call: Calling, proposal: Number, told: WithdrawingChange, dry_run: DryRun = False, key: Key = None
) -> ProposedShape:
    """Take a proposal back, or decline what another proposed; nothing changes."""

    def act(tx: Tx) -> ProposedShape:
        return _shape(withdraw_terms(tx, proposal, call.person, told.reason, told.look), dry_run)

    return call.once(act, key, dry_run=dry_run)


def undo_agreement(call: Calling, version: Number, dry_run: DryRun = False, key: Key = None) -> ProposedShape:
    """Propose what held before the newest version again; a second person must approve that too."""

    def act(tx: Tx) -> ProposedShape:
        return _shape(undo_terms(tx, version, call.person), dry_run)

    return call.once(act, key, dry_run=dry_run)


def _shape(proposed: ProposedTerms, dry_run: bool) -> ProposedShape:
    return ProposedShape(
        proposal=proposed.id,
        partner=proposed.change.scope.partner,
        vendor_code=proposed.change.scope.vendor_code,
        effective_from=proposed.change.effective_from,
        reason=proposed.change.reason,
        proposed_by=proposed.proposed_by,
        look=proposed.look,
        changes=[ClauseChange(clause=each.key, before=each.before, after=each.after) for each in proposed.differences],
        words=str(proposed),
        dry_run=dry_run,
    )


RESOURCE = Resource(
    "agreements",
    "Agreements",
    (
        Operation("/agreements", list_all_agreements),
        Operation("/agreements/{partner}/{vendor_code}", show_one_agreement),
        Operation("/agreements/{partner}/{vendor_code}/trial", try_agreement, method="POST"),
        Operation("/agreement-proposals", propose_agreement, PROPOSE, "POST"),
        Operation("/agreement-versions", list_agreement_versions),
        Operation("/agreement-versions/{version}/undoing", undo_agreement, PROPOSE, "POST"),
        Operation("/agreement-proposals/{proposal}", show_proposed_agreement),
        Operation("/agreement-proposals/{proposal}/trial", try_proposed_agreement),
        Operation("/agreement-proposals/{proposal}/approval", approve_agreement, APPROVE, "POST"),
        Operation("/agreement-proposals/{proposal}/withdrawal", withdraw_agreement, PROPOSE, "POST"),
    ),
)
